import { resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { envSource } from '../../src/agent/config/env-source.ts';
import { actionsOf } from '../../src/agent/page/app/actions.ts';
import { record } from '../../src/agent/recording/record.ts';
import type { RecordedDecision, RecordingHeader } from '../../src/agent/run/recording-format.ts';
import { train } from '../../src/agent/train/train.ts';
import { checkEnv, EnvServer, flatMask, type Step } from '../../src/envs/index.ts';
import { RemoteEnvs } from '../../src/envs/remote/remote-envs.ts';
import { Rng } from '../../src/kernels/index.ts';
import hybridEnv from '../support/hybrid-env.ts';
import { connect, makeRun, serve } from '../support/served.ts';
import { run } from '../support/short-runs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { knownAnswerConfig, tinyConfig } from '../support/tiny-config.ts';

const module = resolve(import.meta.dirname, '../support/hybrid-env.ts');

it('the hybrid environment keeps the contract', async () => {
  const { ok, problems } = await checkEnv(hybridEnv, { envSteps: 200 });
  expect(problems).toEqual([]);
  expect(ok).toBe(true);
});

it.each([
  ['units in their places', {}, 6_000],
  ['a set of units, some not shown', { as: 'set' } as const, 12_000],
])(
  'a unit, a target that it reaches and a power are learned together: %s',
  async (_, options, decisions) => {
    const known = knownAnswerConfig(decisions, { halting: { rule: 'fixed', maxSteps: 1 } });
    const config = {
      ...known,
      policy: { ...known.policy, width: 32, feedForward: 32 },
      ppo: { ...known.ppo, learningRate: 1e-2, entropy: 0.01 },
    };
    const { evaluation } = await train(config, {
      runDir: tempDir(),
      env: () => hybridEnv(options),
    });
    // Random actions get 0.31; the optimum is 1.
    expect(evaluation!.return.mean).toBeGreaterThan(0.9);
  },
);

it.each([
  ['bernoulli', 0],
  ['ponder', 0],
  ['bernoulli', 0.1],
])(
  'the rule %s, with distillation %f, learns from the probabilities that acted',
  async (rule, distillation) => {
    const config = tinyConfig({ halting: { rule }, recipe: { distillation } });
    const { failure, metrics } = await run(config, { env: hybridEnv });
    expect(failure).toBeUndefined();
    expect(metrics.length).toBeGreaterThan(3);
    for (const { firstRatioError } of metrics) expect(firstRatioError).toBeLessThan(1e-4);
  },
);

it('masks of parts travel from an environment elsewhere, as flat rows', async () => {
  const server = await EnvServer.listen(hybridEnv, { id: 'hybrid' });
  onTestFinished(() => server.close());
  const source = { urls: [server.url], frame: 64 };
  const { envs } = await RemoteEnvs.open({ source, count: 1, timeoutMs: 10_000, seed: 0 });
  onTestFinished(async () => void (await envs[0].close?.()));
  const [here, there] = [hybridEnv(), envs[0]];
  expect(there.actionSpace.toJSON()).toEqual(here.actionSpace.toJSON());
  let near = await here.reset({ seed: 3 });
  let far = await there.reset({ seed: 3 });
  for (let i = 0; i < 20; i++) {
    expect(far.info.actionMask).toEqual(flatMask(here.actionSpace, near.info.actionMask!));
    const draw = (mask: typeof near.info.actionMask) =>
      there.actionSpace.sample(Rng.seed(i), mask) as never;
    const action = draw(far.info.actionMask);
    expect(draw(near.info.actionMask)).toEqual(action);
    const [nearStep, farStep]: Step[] = [await here.step(action), await there.step(action)];
    expect(farStep.reward).toBe(nearStep.reward);
    [near, far] = [await here.reset(), await there.reset()];
  }
});

it('an agent, and who asks for its actions elsewhere, take masks of parts', async () => {
  const { dir, agent } = await makeRun({ env: { id: undefined, module } });
  const client = await connect((await serve(dir)).url);
  const env = hybridEnv();
  for (let seed = 0; seed < 10; seed++) {
    const { obs, info } = await env.reset({ seed });
    const drawn = { mask: info.actionMask, deterministic: false, seed };
    const { action, thought } = await agent.act(obs, drawn);
    // It throws for a target out of reach.
    await env.step(action);
    expect((await client.act(obs, drawn)).action).toEqual(action);
    expect(thought.actions[0]).toHaveLength(4 + 5 + 1);
  }
  const { obs } = await env.reset({ seed: 0 });
  const target = [[0, 0, 0, 0, 0], ...new Array(3).fill([1, 1, 1, 1, 1])];
  await expect(agent.act(obs, { mask: { target } })).rejects.toThrow(
    'Agent.act: mask.target: expected at least one allowed choice where unit is 0, got none in component 0',
  );
  await expect(client.act(obs, { mask: { tarhet: target } })).rejects.toThrow(
    'mask: expected an object with keys of unit, target, power, got the key tarhet',
  );
});

it('a recording has the numbers of the parts, in the order of the page', async () => {
  const { dir, agent } = await makeRun({ env: { id: undefined, module } });
  const source = await envSource(agent.config, dir);
  const lines: string[] = [];
  await record(agent, source, { episodes: 3, seed: 1 }, (line) => void lines.push(line));
  const [header, ...rest] = lines.map((line) => JSON.parse(line));
  expect((header as RecordingHeader).actions).toBe('parts');
  const decisions = rest.filter(({ type }) => type === 'decision') as RecordedDecision[];
  expect(decisions).toHaveLength(3);
  for (const decision of decisions) {
    expect(decision.mask).toHaveLength(4 + 4 * 5);
    const { labels, taken } = actionsOf(header, decision);
    expect(labels).toHaveLength(decision.thought.steps[0].actions.length);
    const { unit, target } = decision.action as { unit: number; target: number };
    expect([...taken].map((i) => labels[i])).toEqual([`unit = ${unit}`, `target = ${target}`]);
  }
});
