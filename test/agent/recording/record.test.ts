import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import type { ExitOption } from '../../../src/agent/agent/exit-option.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { envSource } from '../../../src/agent/config/env-source.ts';
import { type RecordOptions, record } from '../../../src/agent/recording/index.ts';
import type {
  RecordedDecision,
  RecordedEnd,
  RecordingHeader,
} from '../../../src/agent/run/index.ts';
import {
  Box,
  Dict,
  Discrete,
  type Env,
  EnvDisconnectedError,
  EnvServer,
  makeEnv,
  type Reset,
  type Step,
} from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import { attentionOf, EpisodeHistory, entriesNeeded } from '../../../src/policy/index.ts';
import diaryEnv from '../../support/diary-env.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(() => loadBackend('simd'));

/** An untrained agent whose heads tell observations and steps apart. */
async function makeAgent(input: Partial<ConfigInput> = {}, env?: () => Env): Promise<Agent> {
  const config = tinyConfig({ ...input, halting: { maxSteps: 4 } });
  const agent = await Agent.create(config, '.', { env });
  onTestFinished(() => agent.dispose());
  const rng = Rng.seed(11);
  for (const { name, variable } of agent.policy.parameters.list) {
    if (!name.startsWith('heads.')) continue;
    const values = Float32Array.from({ length: variable.size }, () => rng.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return agent;
}

async function recorded(agent: Agent, options: Partial<RecordOptions> = {}, env?: () => Env) {
  const text: string[] = [];
  const source = await envSource(agent.config, '.', { env });
  const played = await record(agent, source, { episodes: 2, seed: 3, ...options }, (line) =>
    text.push(line),
  );
  expect(text.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
  const [header, ...lines] = text.map((line) => JSON.parse(line));
  const ofType = <T extends { type: string }>(type: T['type']): T[] =>
    lines.filter((line) => line.type === type);
  return {
    text: text.join(''),
    played,
    header: header as RecordingHeader,
    decisions: ofType<RecordedDecision>('decision'),
    ends: ofType<RecordedEnd>('end'),
  };
}

const maze: Partial<ConfigInput> = {
  env: { id: 'Maze-v0', options: { size: 3, maxSteps: 5 }, count: 4 },
};

describe('record', () => {
  it('writes the same for the same seed, other episodes for another', async () => {
    const agent = await makeAgent(maze);
    const first = await recorded(agent);
    expect((await recorded(agent)).text).toBe(first.text);
    const other = await recorded(agent, { seed: 4 });
    expect(other.decisions[0].obs).not.toEqual(first.decisions[0].obs);
  });

  it('counts decisions in each episode, and sums it up', async () => {
    const { decisions, ends, played } = await recorded(await makeAgent(maze));
    expect(ends).toHaveLength(2);
    expect(played).toEqual({ episodes: 2, decisions: decisions.length, full: false, cut: 0 });
    const begins = [0, ends[0].length, ends[0].length + ends[1].length];
    ends.forEach((end, i) => {
      const own = decisions.slice(begins[i], begins[i + 1]);
      expect(own.map(({ t }) => t)).toEqual([...own.keys()]);
      expect(own.map((d) => d.terminated || d.truncated)).toEqual(
        own.map((_, t) => t === end.length - 1),
      );
      const sum = own.reduce((total, { reward }) => total + reward, 0);
      expect(end.return).toBeCloseTo(sum, 12);
    });
  });

  it('holds what was seen as each decision was made, and what came of the last', async () => {
    const { decisions, ends, header } = await recorded(await makeAgent(maze), { episodes: 1 });
    const at = (obs: unknown) =>
      (obs as number[]).findIndex((entry, i) => i % 6 === 4 && entry === 1);
    const walls = (obs: unknown) => (obs as number[]).filter((_, i) => i % 6 < 4);
    expect(header.spaces.observation).toMatchObject({ type: 'box', shape: [3, 3, 6] });
    const views = [...decisions, ends[0]];
    for (const { obs, drawing } of views) {
      expect(walls(obs)).toEqual(walls(decisions[0].obs));
      // The agent is drawn where it is observed to be.
      const cell = Math.floor(at(obs) / 6);
      const agent = drawing!.shapes.findLast(({ type }) => type === 'circle') as { x: number };
      expect(Math.floor((agent.x / drawing!.width) * 3)).toBe(cell % 3);
    }
    const stays = views.slice(1).map((view, i) => at(view.obs) === at(views[i].obs));
    const blocked = decisions.map(
      ({ obs, action }) => (obs as number[])[at(obs) - 4 + Number(action)] === 1,
    );
    expect(stays).toEqual(blocked);
  });

  it('holds the thought as Agent.act has it, with shares of attention that sum to 1', async () => {
    const agent = await makeAgent(maze);
    const { decisions, header } = await recorded(agent, { episodes: 4 });
    expect(header.tokens.map(({ place }) => place)).toContainEqual([2, 1]);
    for (const { obs, thought, action } of decisions) {
      const acted = await agent.act(obs);
      expect(acted.action).toBe(action);
      expect(thought.cut).toBe(acted.thought.cut);
      expect(thought.steps).toHaveLength(acted.thought.ponderSteps);
      thought.steps.forEach((step, n) => {
        expect(step.halt).toBeCloseTo(acted.thought.halts[n], 5);
        expect(step.value).toBeCloseTo(acted.thought.values[n], 4);
        step.actions.forEach((p, a) => {
          expect(p).toBeCloseTo(acted.thought.actions[n][a], 5);
        });
        expect(step.attention).toHaveLength(header.tokens.length);
        expect(step.attention.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
      });
    }
    expect(new Set(decisions.map(({ thought }) => thought.steps.length)).size).toBeGreaterThan(1);
  });

  it('holds what of the past was attended to, as the thoughts of that history attend', async () => {
    const memory = { length: 3, prelude: 1 };
    const agent = await makeAgent({ env: { id: 'TMaze-v0', options: { length: 5 } }, memory });
    const { policy } = agent;
    const { decisions, header } = await recorded(agent, { deterministic: false });
    expect(header.policy.memory).toEqual(memory);
    const history = new EpisodeHistory(entriesNeeded(memory));
    for (const { t, entry, obs, action, reward, thought } of decisions) {
      if (t === 0) history.clear();
      expect(entry).toBe(t);
      const row = Float32Array.from(obs as number[]);
      const steps = await attentionOf(
        policy,
        { row, past: history.see(row) },
        thought.steps.length,
      );
      thought.steps.forEach(({ attention, memory }, n) => {
        expect(memory).toHaveLength(Math.min(3, t + 1));
        steps[n].tokens.forEach((share, i) => void expect(attention[i]).toBeCloseTo(share, 5));
        steps[n].entries.forEach((share, i) => void expect(memory![i]).toBeCloseTo(share, 5));
        expect([...attention, ...memory!].reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 4);
      });
      history.acted(Float32Array.of(action as number), reward);
    }
    expect(Math.max(...decisions.map(({ t }) => t))).toBeGreaterThan(3);
  });

  it('numbers entries of memory, of which an observation may bring several', async () => {
    let earlier: number[] = [];
    const env = () => {
      earlier = [];
      const diary = diaryEnv({ length: 6 }) as Env & { reset(): Reset; step(a: unknown): Step };
      const noted = <R extends Reset | Step>(result: R): R => {
        const over = 'terminated' in result && (result.terminated || result.truncated);
        if (!over) earlier.push(result.info.earlier?.length ?? 0);
        return result;
      };
      return {
        ...diary,
        reset: (options?: { seed?: number }) => noted(diary.reset(options) as Reset),
        step: (action: unknown) => noted(diary.step(action) as Step),
      };
    };
    const agent = await makeAgent({ memory: { length: 4 } }, env);
    const { decisions } = await recorded(agent, { episodes: 3 }, env);
    const added = decisions.map(({ t, entry }, i) =>
      t === 0 ? entry! + 1 : entry! - decisions[i - 1].entry!,
    );
    expect(added).toEqual(earlier.slice(0, decisions.length).map((count) => count + 1));
    expect(Math.max(...added)).toBeGreaterThan(1);
    for (const { entry, thought } of decisions) {
      for (const { memory } of thought.steps) expect(memory).toHaveLength(Math.min(4, entry! + 1));
    }
  });

  it('says what it was recorded of, and how', async () => {
    const agent = await makeAgent({
      env: { id: 'KHop-v0', options: { layers: 2, width: 3 } },
      price: { initial: 0.02 },
    });
    const { header, decisions } = await recorded(agent, { exit: 'threshold', maxSteps: 7 });
    expect(header).toMatchObject({
      ...{ format: 'pondera-recording', version: 4, run: 'tiny', env: 'KHop-v0', seed: 3 },
      ...{ checkpoint: 0, price: 0.02, policy: { core: 'latent', width: 8, heads: 2 } },
      halting: { rule: 'bernoulli', minSteps: 1, maxSteps: 7 },
    });
    expect(header.halting).toMatchObject({ exit: 'threshold', options: { quantile: 0.5 } });
    expect(decisions.map(({ difficulty }) => difficulty)).toEqual([
      expect.any(Number),
      expect.any(Number),
    ]);
  });

  it('says of each step what its exit decided by', async () => {
    const agent = await makeAgent({ env: { id: 'KHop-v0', options: { layers: 2, width: 3 } } });
    const thoughts = async (exit: ExitOption) =>
      (await recorded(agent, { exit, maxSteps: 3 })).decisions.map(({ thought }) => thought.steps);
    for (const steps of await thoughts({ name: 'cdf', quantile: 0.9 })) {
      let survival = 1;
      for (const { halt, reason } of steps) {
        survival *= 1 - halt;
        const [, halted, sign] = /^halted by now ([\d.]+) (.) 0\.9$/.exec(reason!)!;
        expect(Number(halted)).toBeCloseTo(1 - survival, 2);
        expect(sign).toBe(1 - survival >= 0.9 ? '≥' : '<');
      }
    }
    for (const steps of await thoughts({ name: 'converge', tolerance: 1e-9 })) {
      const [first, second] = steps;
      const kl = first.actions.reduce((sum, p, i) => sum + p * Math.log(p / second.actions[i]), 0);
      expect(first.reason).toBe('KL: nothing before it to compare with');
      expect(Number(/^KL (.+) ≥ 1e-9$/.exec(second.reason!)![1]) / kl).toBeCloseTo(1, 2);
    }
    const fixed = await thoughts({ name: 'fixed', ponderSteps: 1 });
    expect(fixed.map(([{ reason }]) => reason)).toEqual(
      fixed.map(() => 'the same number of steps every time'),
    );
  });

  it('says whether actions were drawn, and so they were', async () => {
    const input = { env: { id: 'KHop-v0', options: { layers: 2, width: 3 } } };
    const agent = await makeAgent(input);
    const actions = async (deterministic?: boolean) => {
      const { header, decisions } = await recorded(agent, { episodes: 12, deterministic });
      return { stated: header.deterministic, chosen: decisions.map(({ action }) => action) };
    };
    const likely = await actions();
    expect(likely.stated).toBe(true);
    expect(await actions(true)).toEqual(likely);
    const drawn = await actions(false);
    expect(drawn.stated).toBe(false);
    expect(drawn.chosen).not.toEqual(likely.chosen);
    expect(await actions(false)).toEqual(drawn);
  });

  it('refuses fewer ponder steps than the config takes at least', async () => {
    const agent = await makeAgent();
    await expect(recorded(agent, { maxSteps: 0 })).rejects.toThrow(
      'maxSteps: expected an integer in 1..1000 (halting.minSteps..1000), got 0',
    );
  });

  it('holds masks', async () => {
    const { decisions } = await recorded(await makeAgent({ env: { id: 'KnownMask-v0' } }));
    for (const { mask, action, thought } of decisions) {
      expect(mask!.filter((allowed) => allowed === 1)).toHaveLength(2);
      expect(mask![action as number]).toBe(1);
      const forbidden = thought.steps[0].actions.filter((_, a) => mask![a] === 0);
      expect(forbidden).toEqual([0, 0]);
    }
  });

  it('gives raw observations, not normalized ones', async () => {
    const config: Partial<ConfigInput> = { env: { id: 'KnownBox-v0' }, normalize: { obs: true } };
    const agent = await makeAgent(config);
    const rows = Array.from({ length: 50 }, (_, i) => [100 + i, i]);
    agent.normalizer!.update(Float32Array.from(rows.flat()), 50);
    const { decisions } = await recorded(agent, { episodes: 4 });
    for (const { obs } of decisions) {
      expect(agent.observationSpace.contains(obs)).toBe(true);
      for (const entry of obs as number[]) expect(Math.abs(entry)).toBeLessThan(1);
    }
  });

  it('ends once it is as long as it may be, after a whole line', async () => {
    const options = { episodes: 1000, maxLength: 20_000 };
    const { text, played } = await recorded(await makeAgent(maze), options);
    expect(played.full).toBe(true);
    expect(text.length).toBeGreaterThanOrEqual(20_000);
    const lines = text.split('\n');
    // The decision that made it full may have ended an episode too.
    expect(lines.slice(0, -3).join('\n').length).toBeLessThan(20_000);
  });

  it('ends after the decision under way once it is aborted', async () => {
    const controller = new AbortController();
    const agent = await makeAgent(maze);
    const lines: string[] = [];
    const options = { episodes: 100, seed: 1, signal: controller.signal };
    const source = await envSource(agent.config, '.');
    const played = await record(agent, source, options, (line) => {
      if (lines.push(line) === 4) controller.abort();
    });
    expect(lines).toHaveLength(4);
    expect(played.decisions).toBe(3);
  });
});

/** Counts down from `length`; observes a text beside a frame of `size` numbers. */
class Countdown implements Env {
  readonly observationSpace;
  readonly actionSpace = new Discrete(2);
  readonly #size: number;
  #left = 0;
  render?: () => never;

  constructor(size: number) {
    this.#size = size;
    this.observationSpace = new Dict({
      frame: new Box({ shape: [size], low: 0, high: 1 }),
      left: new Discrete(4),
    });
  }

  reset(): Reset {
    this.#left = 3;
    return { obs: this.#observe(), info: {} };
  }

  step(): Step {
    this.#left--;
    return {
      ...{ obs: this.#observe(), reward: 0.5, terminated: this.#left === 0, truncated: false },
      info: {},
    };
  }

  #observe() {
    return { frame: new Float32Array(this.#size).fill(0.1), left: this.#left };
  }
}

describe('record, of environments of one’s own', () => {
  it('leaves drawings out where they do not render themselves', async () => {
    const env = () => new Countdown(2);
    const { decisions, ends } = await recorded(await makeAgent({}, env), {}, env);
    expect(decisions[0].obs).toEqual({ frame: [0.1, 0.1], left: 3 });
    expect([...decisions, ...ends].filter((line) => 'drawing' in line)).toEqual([]);
    expect(ends[0]).toMatchObject({ return: 1.5, length: 3, obs: { left: 0 } });
  });

  it('leaves out an observation that is too large', async () => {
    const env = () => new Countdown(2 ** 17);
    const { decisions } = await recorded(await makeAgent({}, env), { episodes: 1 }, env);
    expect(decisions).toHaveLength(3);
    expect(decisions.map(({ obs }) => obs)).toEqual([undefined, undefined, undefined]);
  });

  it.each<[string, () => unknown, string]>([
    [
      'gives none',
      () => ({ width: 1, height: 1, shapes: 'none' }),
      'render: expected a drawing: shapes: Invalid input: expected array',
    ],
    [
      'throws',
      () => {
        throw new Error('no canvas');
      },
      'render: no canvas',
    ],
    ['rejects', async () => Promise.reject(new Error('no canvas')), 'render: no canvas'],
  ])('does without drawings where render %s, and says why', async (_, render, reason) => {
    const env = () => Object.assign(new Countdown(2), { render: render as never });
    const { played, decisions } = await recorded(await makeAgent({}, env), {}, env);
    expect(played).toMatchObject({ episodes: 2, undrawn: expect.stringContaining(reason) });
    expect(decisions.filter((line) => 'drawing' in line)).toEqual([]);
    expect(decisions[0].obs).toEqual({ frame: [0.1, 0.1], left: 3 });
  });

  it('holds what was seen and chosen, whatever an environment writes into it later', async () => {
    const box = new Box({ shape: [2], low: -1e3, high: 1e3 });
    const env = (): Env => {
      const seen = new Float32Array(2);
      return {
        observationSpace: box,
        actionSpace: box,
        reset: () => ({ obs: seen.fill(0), info: {} }),
        step: (action) => {
          (action as Float32Array).fill(0.125);
          seen[0]++;
          return { obs: seen, reward: 1, terminated: seen[0] === 3, truncated: false, info: {} };
        },
      };
    };
    const agent = await makeAgent({}, env);
    const { decisions, ends } = await recorded(agent, { episodes: 2 }, env);
    const views = [...decisions.slice(0, 3), ends[0], ...decisions.slice(3), ends[1]];
    expect(views.map(({ obs }) => (obs as number[])[0])).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    for (const { action, thought } of decisions) {
      const means = thought.steps.at(-1)!.actions;
      for (const [i, chosen] of (action as number[]).entries()) {
        expect(chosen).toBeCloseTo(means[i], 2);
      }
    }
  });

  it('says why an episode was lost, and plays another', async () => {
    let stepped = 0;
    const env = () => {
      const countdown = new Countdown(2);
      const step = async () => {
        if (++stepped === 2) throw new EnvDisconnectedError('the server is gone');
        return countdown.step();
      };
      return Object.assign(Object.create(countdown), {
        observationSpace: countdown.observationSpace,
        actionSpace: countdown.actionSpace,
        reset: () => countdown.reset(),
        step,
      });
    };
    const { ends, decisions } = await recorded(await makeAgent({}, env), { episodes: 1 }, env);
    expect(ends).toEqual([
      { type: 'end', return: 0.5, length: 1, lost: 'the server is gone' },
      expect.objectContaining({ return: 1.5, length: 3 }),
    ]);
    expect(decisions.map(({ t }) => t)).toEqual([0, 0, 1, 2]);
  });
});

describe('record, of environments elsewhere', () => {
  it('holds their drawings, but for those of how an episode ended', async () => {
    const server = await EnvServer.listen(() => makeEnv('Maze-v0', { size: 3, maxSteps: 5 }), {
      id: 'Maze-v0',
    });
    onTestFinished(() => server.close());
    const agent = await makeAgent({ env: { id: undefined, url: server.url } });
    const there = await recorded(agent, { episodes: 2 });
    for (const { obs, drawing } of there.decisions) {
      const cell = (obs as number[]).findIndex((entry, i) => i % 6 === 4 && entry === 1);
      const agent = drawing!.shapes.findLast(({ type }) => type === 'circle') as { x: number };
      expect(Math.floor((agent.x / drawing!.width) * 3)).toBe(Math.floor(cell / 6) % 3);
    }
    expect(there.ends.map((end) => 'drawing' in end)).toEqual([false, false]);
    expect(there.ends.map((end) => 'obs' in end)).toEqual([true, true]);
  });
});
