import { afterEach, expect, it } from 'vitest';
import { type TrainEvent, train } from '../../../src/agent/index.ts';
import { Discrete, type Env, type Info, makeEnv, openEnv } from '../../../src/envs/index.ts';
import { EnvServer } from '../../../src/envs/server/env-server.ts';
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
