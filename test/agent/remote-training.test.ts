import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { Agent } from '../../src/agent/agent/agent.ts';
import type { ConfigInput } from '../../src/agent/config/config.ts';
import type { TrainEvent, UpdateMetrics } from '../../src/agent/events/events.ts';
import { readMetrics } from '../../src/agent/run/index.ts';
import { type TrainOptions, train } from '../../src/agent/train/train.ts';
import { pondera } from '../support/built.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { knownAnswerConfig } from '../support/tiny-config.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server of environments in a process of its own, which may be killed at any moment. */
class ServerProcess {
  #process: ChildProcess | undefined;
  #port = 0;
  url = '';

  async start(id: string): Promise<void> {
    const [program, ...first] = pondera();
    const args = ['env', id, '--json', '--port', String(this.#port)];
    this.#process = spawn(program, [...first, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(this.#process.stdout!), 'line');
    this.url = JSON.parse(line).listening;
    this.#port = Number(new URL(this.url).port);
  }

  async kill(): Promise<void> {
    const ended = once(this.#process!, 'exit');
    this.#process!.kill('SIGKILL');
    await ended;
  }
}

/** Known to be learned within so many steps. */
const config = (url: string | undefined, totalSteps = 1500): ConfigInput =>
  knownAnswerConfig(totalSteps, {
    env: url === undefined ? { id: 'KnownDiscrete-v0' } : { id: undefined, url },
    halting: { rule: 'fixed', maxSteps: 1 },
  });

async function run(input: ConfigInput, options: TrainOptions = {}) {
  const runDir = options.runDir ?? tempDir();
  const events: TrainEvent[] = [];
  const on = (event: TrainEvent) => {
    events.push(event);
    options.on?.(event);
  };
  const result = await train(input, { ...options, runDir, on });
  const metrics = (await readMetrics(join(runDir, 'metrics.jsonl'))) as unknown as UpdateMetrics[];
  return { ...result, runDir, events, metrics };
}

const lostIn = (metrics: readonly UpdateMetrics[]) =>
  metrics.reduce((sum, { lostEpisodes }) => sum + lostEpisodes, 0);

describe('training on environments elsewhere', { timeout: 120_000 }, () => {
  it('in worker threads learns what it learns here', async () => {
    const input = config(undefined);
    const { evaluation, metrics } = await run({ ...input, env: { ...input.env, workers: 2 } });
    expect(evaluation!.return.mean).toBeGreaterThan(0.97);
    expect(lostIn(metrics)).toBe(0);
  });

  it('over a network that fails learns the same, and loses and repeats nothing', async () => {
    const server = new ServerProcess();
    await server.start('KnownDiscrete-v0');
    const proxy = new FaultProxy(() => server.url, 3);
    const url = await proxy.listen();
    closing.push(
      () => server.kill(),
      () => proxy.close(),
    );
    proxy.faults = { delayed: 0.05, duplicated: 0.05, reordered: 0.05, garbage: 0.02, cut: 0.02 };
    const { evaluation, metrics, envSteps } = await run(config(url));
    proxy.faults = {};
    expect(evaluation!.return.mean).toBeGreaterThan(0.97);
    expect(lostIn(metrics)).toBe(0);
    // An episode here is a step: each is counted, and counted once.
    expect(metrics.at(-1)).toMatchObject({ envSteps, episodes: envSteps });
    const faults = Object.values(proxy.counts).reduce((a, b) => a + b, 0);
    expect(faults).toBeGreaterThan(10);
  });

  it('goes on when the environments’ process is killed, each lost episode accounted for', async () => {
    const server = new ServerProcess();
    await server.start('KnownDiscrete-v0');
    closing.push(() => server.kill());
    const restart = async () => {
      await server.kill();
      await server.start('KnownDiscrete-v0');
    };
    const restarts: Promise<void>[] = [];
    const { evaluation, metrics, envSteps, events } = await run(config(server.url, 2500), {
      on: (event) => {
        if (event.type !== 'updated' || ![2, 5].includes(event.metrics.update)) return;
        restarts.push(restart());
      },
    });
    await Promise.all(restarts);
    expect(restarts).toHaveLength(2);
    expect(evaluation!.return.mean).toBeGreaterThan(0.97);
    // All 32 were in the middle of an episode, each time.
    expect(lostIn(metrics)).toBe(64);
    // Each step is an episode, but those whose outcome was lost.
    expect(metrics.at(-1)).toMatchObject({ envSteps, episodes: envSteps - 64 });
    const lost = events.flatMap((event) => (event.type === 'lost' ? [event] : []));
    expect(lost.reduce((sum, { episodes }) => sum + episodes, 0)).toBe(64);
    expect(lost[0].reason).toContain(server.url);
  });

  it('leaves a policy that can be asked with its environments gone', async () => {
    const server = new ServerProcess();
    await server.start('KnownDiscrete-v0');
    const { runDir } = await run(config(server.url, 256)).finally(() => server.kill());
    const agent = await Agent.load(runDir);
    closing.push(() => agent.dispose());
    expect((await agent.act(1)).action).toBeTypeOf('number');
  });

  it('goes on where the trainer was stopped', async () => {
    const server = new ServerProcess();
    await server.start('KnownDiscrete-v0');
    closing.push(() => server.kill());
    const stop = new AbortController();
    const first = await run(config(server.url), {
      signal: stop.signal,
      on: (event) => {
        if (event.type === 'updated' && event.metrics.update === 3) stop.abort();
      },
    });
    expect(first).toMatchObject({ interrupted: true });
    const { runDir } = first;
    const second = await run(config(server.url), { runDir, resume: true });
    expect(second.evaluation!.return.mean).toBeGreaterThan(0.97);
    expect(second.metrics.map(({ update }) => update)).toEqual(
      Array.from(second.metrics.keys(), (i) => i + 1),
    );
    expect(second.metrics.at(-1)).toMatchObject({
      envSteps: second.envSteps,
      episodes: second.envSteps,
    });
    expect(lostIn(second.metrics)).toBe(0);
  });
});

describe('training that waits for environments to dial in', () => {
  it('is given up as its signal aborts, and leaves no run', async () => {
    const controller = new AbortController();
    const runDir = join(tempDir(), 'run');
    const input = knownAnswerConfig(64, { env: { id: undefined, listen: '127.0.0.1:0' } });
    const given = run(input, {
      runDir,
      signal: controller.signal,
      on: ({ type }) => type === 'listening' && controller.abort(new Error('enough')),
    });
    await expect(given).rejects.toThrow('enough');
    expect(existsSync(runDir)).toBe(false);
  });
});
