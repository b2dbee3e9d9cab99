import type { Row } from '../../envs/index.ts';

/**
 * Some rows of a table as float32 [chosen, size].
 * @param table [rows, size]
 * @internal
 */
export function gatherRows(table: Row, size: number, chosen: Int32Array): Float32Array {
  const rows = new Float32Array(chosen.length * size);
  for (let i = 0, to = 0; i < chosen.length; i++) {
    const from = chosen[i] * size;
    // A call of the built-in copy costs as much as 32 numbers.
    if (size > 32) rows.set(table.subarray(from, from + size), to);
    else for (let j = 0; j < size; j++) rows[to + j] = table[from + j];
    to += size;
  }
  return rows;
}
