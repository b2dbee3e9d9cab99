/** What a run takes of the machine while it trains, and what there is of it. */
export interface Resources {
  cores: number;
  memoryMiB: number;
}

/**
 * Which of the waiting runs may start beside those that have a share already: strictly in their order, so that
 * nothing small overtakes something large for ever.
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

/** What there is too little of, in words; undefined where there is enough. */
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
