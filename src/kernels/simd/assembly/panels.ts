import { pointer, word } from './arguments';
import { BlockArguments, BlockParameters } from './block-arguments';
import { packPanels, packTransposed } from './pack';

/** Bytes of a packed b [K, N]. */
@inline
function panelBytes(K: i32, N: i32): usize {
  return <usize>(K * ((N + 7) / 8)) << 5;
}

/** Where a block's matrices lie among its panels, as they are or transposed. */
function placePanels(
  m: BlockParameters, panels: usize, D: i32, F: i32, own: bool, mix: bool, transposed: bool,
): void {
  const square = panelBytes(D, D);
  m.query = panels;
  m.out = m.query + square;
  m.inner = m.out + square;
  m.outer = m.inner + (transposed ? panelBytes(F, D) : panelBytes(D, F));
  m.key = m.outer + (transposed ? panelBytes(D, F) : panelBytes(F, D));
  m.value = m.key + (own ? square : 0);
  m.keep = m.value + (own ? square : 0);
}

/** The matrices that a block multiplies by: its panels, or where it has none the parameters as they are. */
export function matricesOf(a: BlockArguments, room: usize, transposed: bool): BlockParameters {
  if (!a.panels) return a;
  const m = changetype<BlockParameters>(room);
  placePanels(m, a.panels, a.D, a.F, a.key != 0, a.keep != 0, transposed);
  return m;
}

/** PACK: the parameters (as BLOCK has them), panels, D, F, transposed. Each part packs some of the matrices. */
export function pack(args: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<BlockParameters>(args);
  const rest = args + offsetof<BlockParameters>();
  const D = word(rest, 1);
  const F = word(rest, 2);
  const transposed = word(rest, 3) != 0;
  const m = changetype<BlockParameters>(scratch);
  placePanels(m, pointer(rest, 0), D, F, a.key != 0, a.keep != 0, transposed);
  if (part == 0 % parts) packMatrix(m.query, a.query, D, D, transposed);
  if (part == 1 % parts) packMatrix(m.out, a.out, D, D, transposed);
  if (part == 0 % parts) packMatrix(m.inner, a.inner, D, F, transposed);
  if (part == 1 % parts) packMatrix(m.outer, a.outer, F, D, transposed);
  if (a.key) {
    if (part == 0 % parts) packMatrix(m.key, a.key, D, D, transposed);
    if (part == 1 % parts) packMatrix(m.value, a.value, D, D, transposed);
  }
  if (a.keep && part == 0 % parts) packMatrix(m.keep, a.keep, D, D, transposed);
}

/** A matrix [K, N], as itself or as its transpose. */
function packMatrix(to: usize, matrix: usize, K: i32, N: i32, transposed: bool): void {
  const step = <usize>N << 2;
  if (transposed) packTransposed(to, matrix, step, N, K);
  else packPanels(to, matrix, step, K, N);
}
