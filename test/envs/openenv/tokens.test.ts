import { afterEach, expect, it } from 'vitest';
import { type TrainEvent, train } from '../../../src/agent/index.ts';
import {
  type ActionMask,
  Discrete,
  type Env,
  type Info,
  makeEnv,
  openEnv,
} from '../../../src/envs/index.ts';
import { EnvServer } from '../../../src/envs/server/env-server.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Additions of two digits through OpenEnv. */
async function additions(): Promise<() => Env> {
  const make = () => makeEnv('Addition-v0', { digits: 2 });
  const server = await EnvServer.listen(make, { id: 'Addition' });
  closing.push(() => server.close());
  return () =>
    openEnv({
      url: server.url.replace('/v1/env', ''),
      observationSpace: new Discrete(12),
      actionSpace: new Discrete(12),
      encodeAction: (action) => ({ action }),
      decodeObs: ({ obs }) => obs as number,
      decodeInfo: ({ info }) => info as Info,
      maxEpisodeSteps: 10,
    }) as Env;
}

it('prompts and answers come through OpenEnv as they are in process', async () => {
  const there = (await additions())();
  closing.push(() => there.close?.());
  const here = makeEnv('Addition-v0', { digits: 2 });
  let at = await here.reset({ seed: 4 });
  expect(await there.reset({ seed: 4 })).toEqual(at);
  expect(at.info.earlier).toHaveLength(5);
  while (at.info.demonstration !== undefined) {
    const action = at.info.demonstration;
    const step = await here.step(action);
    expect(await there.step(action)).toEqual(step);
    at = step;
  }
  expect(at.info.success).toBe(true);
});

/** A word of two letters backwards, then a stop. The first token is no stop, and the environment throws where one is. */
function backwards(): Env<number, number> {
  const space = new Discrete(3, 0, { names: ['a', 'b', 'stop'] });
  const mask = (left: number[]): (0 | 1)[] => (left.length === 3 ? [1, 1, 0] : [1, 1, 1]);
  let rng = Rng.seed(0);
  let left: number[] = [];
  return {
    observationSpace: space,
    actionSpace: space,
    reset({ seed } = {}) {
      if (seed !== undefined) rng = Rng.seed(seed);
      const word = [rng.int(2), rng.int(2)];
      left = [...word].reverse().concat(2);
      return { obs: 2, info: { earlier: word, demonstration: left[0], actionMask: mask(left) } };
    },
    step(token) {
      if (mask(left)[token] === 0) throw new Error(`masked: ${token}`);
      const [asked, ...rest] = left;
      left = token === 2 ? [] : rest;
      const reward = token === asked ? 1 / 3 : 0;
      const terminated = left.length === 0;
      const info = terminated ? {} : { demonstration: left[0], actionMask: mask(left) };
      return { obs: token, reward, terminated, truncated: false, info };
    },
  };
}

/** The same through OpenEnv. */
async function backwardsThere(): Promise<() => Env> {
  const server = await EnvServer.listen(backwards, { id: 'Backwards' });
  closing.push(() => server.close());
  const { observationSpace, actionSpace } = backwards();
  return () =>
    openEnv({
      ...{ url: server.url.replace('/v1/env', ''), observationSpace, actionSpace },
      encodeAction: (action) => ({ action }),
      decodeObs: ({ obs }) => obs as number,
      decodeInfo: ({ info, action_mask: actionMask }) => ({
        ...(info as Info),
        ...(actionMask !== undefined && { actionMask: actionMask as ActionMask }),
      }),
      maxEpisodeSteps: 3,
    }) as Env;
}

it('masks come with the tokens, and a stop ends the episode', async () => {
  const there = (await backwardsThere())();
  closing.push(() => there.close?.());
  const first = await there.reset({ seed: 1 });
  expect(first).toEqual(await backwards().reset({ seed: 1 }));
  expect(first.info.actionMask).toEqual([1, 1, 0]);
  const second = await there.step(0);
  expect(second.info.actionMask).toEqual([1, 1, 1]);
  expect(await there.step(2)).toMatchObject({ obs: 2, terminated: true, info: {} });
});

it.each([
  ['likelihood', { likelihood: { decisions: 128, minibatch: 64, learningRate: 1e-2 } }],
  [
    'ppo',
    { ppo: { decisions: 256, minibatch: 128, epochs: 4, learningRate: 1e-2, entropy: 0.02 } },
  ],
] as const)('%s learns an environment of stops and masks', async (algorithm, sizes) => {
  const config = tinyConfig({
    ...{ algorithm, ...sizes, policy: { width: 16, heads: 2, feedForward: 16 } },
    env: { id: 'Backwards', count: 16 },
    memory: { length: 8, prelude: 1, observationsOnly: true },
    evaluation: { everyUpdates: 100, episodes: 32, forcedEpisodes: 0 },
    train: { totalSteps: 3000 },
  });
  const env = await backwardsThere();
  const events: TrainEvent[] = [];
  await train(config, { runDir: tempDir(), env, on: (event) => void events.push(event) });
  const evaluated = events.flatMap((event) => (event.type === 'evaluated' ? [event] : []));
  // By chance, a third.
  expect(evaluated.at(-1)!.evaluation.return.mean).toBeGreaterThan(0.8);
});

it('a policy with a memory learns from them', async () => {
  const events: TrainEvent[] = [];
  const config = tinyConfig({
    algorithm: 'likelihood',
    env: { id: 'Addition', count: 2 },
    memory: { length: 8 },
    likelihood: { decisions: 60, minibatch: 30 },
    evaluation: { everyUpdates: 100, episodes: 4, forcedEpisodes: 0 },
    train: { totalSteps: 600 },
  });
  const env = await additions();
  await train(config, { runDir: tempDir(), env, on: (event) => void events.push(event) });
  const nats = events.flatMap((event) =>
    event.type === 'updated' ? [event.metrics.nats as number] : [],
  );
  expect(nats.length).toBeGreaterThan(5);
  // Of twelve tokens ten are digits, and the first is 0 or 1.
  expect(nats.at(-1)).toBeLessThan(Math.min(nats[0], Math.log(12)));
  expect(events.at(-1)).toMatchObject({ type: 'finished', interrupted: false });
});
