import type { Drawing, Info, Reset, Step } from '../contract/env.ts';
import type { MaskRow, Space } from '../contract/space.ts';
import { stack } from '../net/wire/batch.ts';
import { fit } from '../net/wire/fit.ts';
import { type NdArray, ndarray } from '../net/wire/ndarray.ts';
import type { WireCode } from '../net/wire/wire-error.ts';

/** The result of a request of one environment. */
export type Done = { env: number; seq: number } /** Infos are those of an `InfoFilter`. */ & (
  | { t: 'began'; reset: Reset }
  | { t: 'stepped'; step: Step; next: Reset | undefined }
  | { t: 'snapshots'; state: unknown }
  | { t: 'restored' }
  | { t: 'rendered'; drawing: Drawing }
  | { t: 'failed'; code: WireCode; message: string }
);

/**
 * Joins results into as few replies as possible.
 * @param takes the most bytes of a frame that the peer accepts; a larger result becomes a failure
 */
export function repliesTo(done: readonly Done[], observationSpace: Space, takes: number): object[] {
  const groups = new Map<string, Done[]>();
  for (const one of done) {
    const key = one.t === 'failed' ? `${one.code} ${one.message}` : one.t;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  const build = (group: readonly Done[]) => ({
    t: group[0].t,
    envs: ndarray(Int32Array.from(group, ({ env }) => env)),
    seq: ndarray(Uint32Array.from(group, ({ seq }) => seq)),
    ...contents(group, observationSpace),
  });
  const refuse = ({ t, env, seq }: Done, why: string) =>
    build([{ t: 'failed', env, seq, code: 'TOO_LARGE', message: `${t}: ${why}` }]);
  return [...groups.values()].flatMap((group) => fit(group, build, takes, refuse));
}

/** @param group results of one kind */
function contents(group: readonly Done[], space: Space): object {
  const [first] = group;
  switch (first.t) {
    case 'began':
      return shown(
        group.map((one) => (one as typeof first).reset),
        space,
      );
    case 'stepped': {
      const all = group as (typeof first)[];
      const at = all.flatMap(({ next }, i) => (next === undefined ? [] : [i]));
      const steps = all.map(({ step }) => step);
      return {
        ...shown(steps, space),
        reward: ndarray(Float64Array.from(steps, ({ reward }) => reward)),
        terminated: ndarray(Uint8Array.from(steps, ({ terminated }) => Number(terminated))),
        truncated: ndarray(Uint8Array.from(steps, ({ truncated }) => Number(truncated))),
        next:
          at.length === 0
            ? undefined
            : {
                at: ndarray(Int32Array.from(at)),
                ...shown(
                  at.map((i) => all[i].next!),
                  space,
                ),
              },
      };
    }
    case 'snapshots':
      return { states: group.map((one) => (one as typeof first).state) };
    case 'rendered':
      return { drawings: group.map((one) => (one as typeof first).drawing) };
    case 'failed':
      return { code: first.code, message: first.message };
    case 'restored':
      return {};
  }
}

function shown(results: readonly (Reset | Step)[], space: Space): object {
  const masks = results.map(({ info }) => info.actionMask as MaskRow | undefined);
  return {
    obs: stack(
      space,
      results.map(({ obs }) => obs),
    ),
    actionMask: masksOf(masks),
    info: infosOf(results.map(({ info }) => info)),
  };
}

/** A row of ones stands for no mask. */
function masksOf(masks: readonly (MaskRow | undefined)[]): NdArray | undefined {
  const size = masks.find((mask) => mask !== undefined)?.length;
  if (size === undefined) return undefined;
  const rows = new Uint8Array(masks.length * size).fill(1);
  masks.forEach((mask, i) => {
    if (mask !== undefined) rows.set(mask, i * size);
  });
  return ndarray(rows, [masks.length, size]);
}

function infosOf(infos: readonly (Info | undefined)[]): unknown[] | undefined {
  let any = false;
  const kept = infos.map((info) => {
    if (info === undefined) return null;
    const { actionMask: _, ...rest } = info;
    // Most infos are empty.
    for (const _ in rest) {
      any = true;
      return rest;
    }
    return null;
  });
  return any ? kept : undefined;
}
