import { setTimeout } from 'node:timers/promises';
import { Absent, type Check, Contender, type Figures, type Program } from './contender.ts';
import { check, distance, median } from './measure.ts';

export interface Contest<Name extends string> {
  /** Median milliseconds of a repetition; null where a contender is absent. */
  ms: Record<Name, number | null>;
  /** All that the rounds found; null where a contender is absent. */
  figures: Record<Name, Figures | null>;
  /** Versions of the peers; who is absent, and why. */
  notes: string[];
}

/** Relative difference up to which results count as the same: float32, summed in another order. */
const TOLERANCE = 1e-3;
/** Milliseconds after which threads that wait for more work have given up their cores. */
const PAUSE = 20;

/**
 * Starts all contenders, compares what they computed, then times them round by round, one at a time, so
 * that what else the machine does hits all of them alike.
 *
 * @throws Error where a contender fails, or those that work on the same data disagree
 */
export async function compete<Name extends string>(
  programs: Record<Name, Program>,
  rounds: number,
): Promise<Contest<Name>> {
  const names = Object.keys(programs) as Name[];
  const contenders = new Map<Name, Contender>();
  const notes = new Set<string>();
  const figures = Object.fromEntries(names.map((name) => [name, null])) as Contest<Name>['figures'];
  try {
    for (const name of names) {
      const contender = await Contender.start(programs[name]).catch((error: Error) => {
        if (!(error instanceof Absent)) throw error;
        notes.add(`${name}: absent, ${error.message}`);
        process.stderr.write(`  ${name}: absent, ${error.message}\n`);
      });
      if (contender) contenders.set(name, contender);
      if (contender?.version) notes.add(contender.version);
    }
    compare(programs, contenders);
    for (let round = 0; round < rounds; round++) {
      for (const [name, contender] of contenders) {
        const found = await contender.round();
        const all = (figures[name] ??= { ms: [] });
        for (const [key, values] of Object.entries(found)) (all[key] ??= []).push(...values);
        await setTimeout(PAUSE);
      }
    }
  } finally {
    await Promise.all([...contenders.values()].map((contender) => contender.close()));
  }
  const ms = (name: Name) => figures[name] && median(figures[name].ms);
  return {
    ms: Object.fromEntries(names.map((name) => [name, ms(name)])) as Contest<Name>['ms'],
    figures,
    notes: [...notes],
  };
}

/** Whoever works on the same data must have computed the same. */
function compare<Name extends string>(
  programs: Record<Name, Program>,
  contenders: ReadonlyMap<Name, Contender>,
): void {
  const firsts = new Map<string, { name: Name; check: Check }>();
  for (const [name, contender] of contenders) {
    const { data } = programs[name];
    if (data === undefined) continue;
    const first = firsts.get(data);
    if (first === undefined) {
      firsts.set(data, { name, check: contender.check });
      continue;
    }
    for (const [key, value] of Object.entries(first.check)) {
      const [expected, got] = [[value].flat(), [contender.check[key]].flat()];
      const scale = Math.max(...expected.map(Math.abs));
      check(
        distance(expected, got) <= TOLERANCE * scale,
        `${key}: ${name} has ${got.slice(0, 4)}, ${first.name} ${expected.slice(0, 4)}`,
      );
    }
  }
}
