/** Resources of the machine: those that a run takes while it trains, or those available. */
export interface Resources {
  cores: number;
  memoryMiB: number;
}

/**
 * The waiting runs that fit beside those that have a share already: strictly in order, so that small runs do not keep
 * a large one waiting for ever.
 */
export function startable<W extends { needs: Resources }>(
  waiting: readonly W[],
  taken: readonly Resources[],
  capacity: Resources,
): W[] {
  const free = { ...capacity };
  for (const needs of taken) subtract(free, needs);
  const starting: W[] = [];
  for (const run of waiting) {
    if (shortage(run.needs, free) !== undefined) break;
    subtract(free, run.needs);
    starting.push(run);
  }
  return starting;
}

/** A description of the resource that is too small; undefined where all suffice. */
export function shortage(needs: Resources, there: Resources): string | undefined {
  if (needs.cores > there.cores) return `${needs.cores} cores of ${there.cores}`;
  if (needs.memoryMiB > there.memoryMiB) {
    return `${needs.memoryMiB} MiB of memory of ${there.memoryMiB}`;
  }
  return undefined;
}

function subtract(from: Resources, what: Resources): void {
  from.cores -= what.cores;
  from.memoryMiB -= what.memoryMiB;
}
