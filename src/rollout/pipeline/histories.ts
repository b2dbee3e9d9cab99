import { type MonoTypeOperatorFunction, map, tap } from 'rxjs';
import type { Observation } from '../../envs/index.ts';
import {
  type EntryReader,
  EpisodeHistory,
  entriesNeeded,
  ofPrefix,
  prefixed,
  type Tensors,
} from '../../policy/index.ts';
import type { DecisionRequest, Transition } from '../deciders/decision.ts';

/** The history of each environment's present episode, for a policy with a memory. */
export class Histories {
  readonly #histories: EpisodeHistory[];

  /** @param envs number of environments */
  constructor({ sizes }: Pick<EntryReader, 'sizes'>, envs: number) {
    this.#histories = Array.from({ length: envs }, () => new EpisodeHistory(entriesNeeded(sizes)));
  }

  /** Adds to each observation the past of its episode. */
  withPasts(observations: readonly Observation[]): DecisionRequest[] {
    return observations.map((observation) => {
      const { env, row, earlier } = observation;
      return { ...observation, past: this.#histories[env].see(row, earlier) };
    });
  }

  /** Takes in what became of decisions, and forgets episodes that are over. */
  follow(transitions: readonly Transition[]): void {
    for (const { env, decision, reward, episode, lost } of transitions) {
      if (episode !== undefined || lost !== undefined) this.clear(env);
      else this.#histories[env].acted(decision.action, reward);
    }
  }

  /** Forgets an episode that does not go on. */
  clear(env: number): void {
    this.#histories[env].clear();
  }

  /** A copy of all histories, by environment. Observations that wait for a decision are not in it. */
  tensors(): Tensors {
    const all = this.#histories.map((history) => history.tensors());
    return Object.assign({}, ...all.map((tensors, env) => prefixed(`${PREFIX}${env}.`, tensors)));
  }

  /** Continues from a result of `tensors`. @param bytes whether observations are bytes */
  restore(tensors: Tensors, bytes: boolean): void {
    for (const [env, history] of this.#histories.entries()) {
      history.restore(ofPrefix(`${PREFIX}${env}.`, tensors), bytes);
    }
  }
}

const PREFIX = 'history';

/** Divides tensors into those of histories and all others. */
export function parted(tensors: Tensors): { own: Tensors; histories: Tensors } {
  const entries = Object.entries(tensors);
  const isHistory = ([name]: [string, unknown]) => name.startsWith(PREFIX);
  return {
    own: Object.fromEntries(entries.filter((entry) => !isHistory(entry))),
    histories: Object.fromEntries(entries.filter(isHistory)),
  };
}

/** Adds to observations the past of their episodes; without histories, it leaves them as they are. */
export function remember(
  histories: Histories | undefined,
): MonoTypeOperatorFunction<Observation[]> {
  return map((observations) => histories?.withPasts(observations) ?? observations);
}

/** Takes in what became of decisions. */
export function follow(histories: Histories | undefined): MonoTypeOperatorFunction<Transition[]> {
  return tap((transitions) => histories?.follow(transitions));
}
