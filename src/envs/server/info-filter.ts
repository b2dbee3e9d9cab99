import type { Env, Info, Step } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';
import { stackDemonstration } from '../net/wire/demonstration.ts';
import { stackEarlier } from '../net/wire/earlier.ts';
import { sizeOf } from '../net/wire/fit.ts';
import { plain } from '../net/wire/plain.ts';
import { difficultyOf, successOf } from '../net/wire/read-info.ts';
import { metricsOf } from '../net/wire/read-metrics.ts';
import { flatMask } from '../spaces/flat-mask.ts';

/** The most of one key of an info: infos are for people, and must not delay learning. */
const MOST = { bytes: 2 ** 20, entries: 20_000 };

/** Selects the part of infos that travels. It warns once for each key that it leaves out for its size. */
export class InfoFilter {
  readonly #warned = new Set<string>();
  readonly #observationSpace: Space;
  readonly #actionSpace: Space;

  constructor({ observationSpace, actionSpace }: Pick<Env, 'observationSpace' | 'actionSpace'>) {
    this.#observationSpace = observationSpace;
    this.#actionSpace = actionSpace;
  }

  /**
   * A result with a copy of the part of its info that can travel; the mask as a flat row and the demonstration as a batch, neither
   * at an episode's end; earlier observations as a batch.
   */
  of<T extends { info: Info } & Partial<Step>>(result: T): T {
    const over = result.terminated || result.truncated;
    // Keys that every trainer reads.
    const understood: Record<string, (info: Info) => unknown> = {
      actionMask: ({ actionMask }) =>
        actionMask && !over ? flatMask(this.#actionSpace, actionMask) : undefined,
      difficulty: difficultyOf,
      success: successOf,
      metrics: metricsOf,
      earlier: (info) => stackEarlier(this.#observationSpace, info),
      demonstration: (info) => (over ? undefined : stackDemonstration(this.#actionSpace, info)),
    };
    const info: Info = {};
    for (const key of Object.keys(result.info ?? {})) {
      const value = Object.hasOwn(understood, key)
        ? understood[key](result.info)
        : this.#kept(key, result.info);
      if (value !== undefined) info[key] = value;
    }
    return { ...result, info };
  }

  #kept(key: string, info: Info): unknown {
    let kept: unknown;
    try {
      kept = plain(info[key]);
    } catch {
      // A getter that throws; in process nothing would call it.
      return undefined;
    }
    const { bytes, entries } = sizeOf(kept);
    if (bytes <= MOST.bytes && entries <= MOST.entries) return kept;
    if (!this.#warned.has(key)) {
      this.#warned.add(key);
      const most = `${MOST.entries} entries and ${MOST.bytes} bytes`;
      const seen = `${entries} entries and ${bytes} bytes`;
      process.emitWarning(`info.${key} is left out: it has ${seen}; a key may have ${most}`);
    }
    return undefined;
  }
}
