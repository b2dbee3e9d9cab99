import { describe } from '../../common/describe.ts';
import type { Info } from '../../contract/env.ts';
import { only } from './read-info.ts';

/** Numbers of an environment's own (`info.metrics`), by name. */
export type EnvMetrics = Readonly<Record<string, number>>;

/**
 * The most names of `info.metrics`, in one info and in a whole run.
 * @internal
 */
export const MOST_METRICS = 32;
/** It leaves out what files, charts and terminals would have to escape. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} _.:/%+()-]{0,63}$/u;

/** What is wrong with `info.metrics`, by kind. */
interface Problem {
  kind: 'type' | 'name' | 'value' | 'count';
  text: string;
}

/** The kinds of problems for which a warning was printed. */
const warned = new Set<Problem['kind']>();

/**
 * The numbers of `info.metrics`; undefined where there are none. It leaves out what is no finite number, and warns once of
 * each kind of problem.
 */
export function metricsOf(info: Info | undefined): EnvMetrics | undefined {
  const { metrics, problem } = readMetrics(info);
  if (problem !== undefined && !warned.has(problem.kind)) {
    warned.add(problem.kind);
    process.emitWarning(`info.metrics: ${problem.text}; it is left out`);
  }
  return metrics;
}

/** Reads `info.metrics`, where true and false are 1 and 0. @returns what can be read, and the first problem */
export function readMetrics(info: Info | undefined): { metrics?: EnvMetrics; problem?: Problem } {
  const given = entryOf(info, 'metrics');
  if (given === undefined || given === null) return {};
  if (!isPlain(given)) {
    const text = `expected an object of numbers by name, got ${describe(given)}`;
    return { problem: { kind: 'type', text } };
  }
  const read: [string, number][] = [];
  let problem: Problem | undefined;
  for (const name of Object.keys(given)) {
    if (read.length === MOST_METRICS) {
      const text = `expected at most ${MOST_METRICS} names, got another, ${describe(name)}`;
      problem ??= { kind: 'count', text };
      break;
    }
    const value = entryOf(given, name);
    if (value === undefined || value === null) continue;
    const number = typeof value === 'boolean' ? Number(value) : value;
    const finite = typeof number === 'number' && Number.isFinite(Math.fround(number));
    if (!NAME.test(name)) {
      const text = `expected a name of at most 64 letters, digits, spaces and _.:/%+()-, a letter or digit first, got ${describe(name)}`;
      problem ??= { kind: 'name', text };
    } else if (!finite) {
      const text = `${name}: expected a finite float32 number, got ${describe(value)}`;
      problem ??= { kind: 'value', text };
    } else read.push([name, number]);
  }
  return { metrics: read.length > 0 ? Object.fromEntries(read) : undefined, problem };
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** An entry; the error where reading it throws. */
function entryOf(object: object | undefined, key: string): unknown {
  try {
    return only((object as Record<string, unknown> | undefined)?.[key]);
  } catch (error) {
    return error;
  }
}
