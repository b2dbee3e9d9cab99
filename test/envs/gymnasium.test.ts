import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect as dialTcp, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Agent, type TrainEvent, train } from '../../src/agent/index.ts';
import { checkServer, type Env, RemoteEnvs } from '../../src/envs/index.ts';
import { interpreter, python, pythonHas } from '../support/python.ts';
import { tempDir } from '../support/temp-dir.ts';
import { tinyConfig } from '../support/tiny-config.ts';

const CLIENT = fileURLToPath(new URL('../../clients/python', import.meta.url));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Command {
  /** Lines of stdout so far, and the first one, or undefined where it ends without. */
  printed: string[];
  first: Promise<string | undefined>;
  /** Tells it to end; its exit code, or what it complained of. */
  stop(): Promise<number | string>;
}

/** `python -m pondera_client …`, from the sources. */
function client(...args: string[]): Command {
  const env = { ...process.env, PYTHONPATH: [CLIENT, join(CLIENT, 'tests')].join(delimiter) };
  const child = spawn(interpreter, ['-m', 'pondera_client', ...args], { env });
  const printed: string[] = [];
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  const lines = createInterface({ input: child.stdout }).on('line', (line) => printed.push(line));
  const ended = once(child, 'close');
  const first = Promise.race([once(lines, 'line'), ended]).then(() => printed.at(0));
  const stop = async () => {
    child.kill();
    const [code] = await ended;
    return code === 0 ? code : complaints;
  };
  closing.push(stop);
  return { printed, first, stop };
}

/** A server of environments, and where it listens. */
async function serve(id: string, ...args: string[]): Promise<Command & { url: string }> {
  const command = client('serve', id, '--port', '0', '--count', '4', ...args);
  const line = await command.first;
  if (line === undefined) throw new Error(String(await command.stop()));
  return { ...command, url: JSON.parse(line).listening };
}

async function open(url: string): Promise<Env> {
  const source = { urls: [url], frame: 64 };
  const { envs } = await RemoteEnvs.open({ source, count: 1, timeoutMs: 10_000, seed: 0 });
  closing.push(() => envs[0].close?.());
  return envs[0];
}

/** Trains for a few hundred decisions, with an evaluation on the way; what was told of it. */
async function trained(env: object, runDir = tempDir()): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  const config = tinyConfig({
    env: { id: undefined, ...env },
    evaluation: { everyUpdates: 6, episodes: 1, forcedEpisodes: 0 },
    train: { totalSteps: 320 },
  });
  await train(config, { runDir, on: (event) => void events.push(event) });
  return events;
}

/** That updates came with metrics, as of the given number of environments. */
function expectMetrics(events: readonly TrainEvent[]) {
  const updates = events.flatMap((event) => (event.type === 'updated' ? [event.metrics] : []));
  expect(updates.length).toBeGreaterThanOrEqual(9);
  expect(updates.at(-1)!.envSteps).toBeGreaterThanOrEqual(320);
  for (const { policyLoss, lostEpisodes, firstRatioError } of updates) {
    expect(policyLoss).toEqual(expect.any(Number));
    expect(firstRatioError).toBeLessThan(1e-3);
    expect(lostEpisodes).toBe(0);
  }
  const finished = events.at(-1);
  expect(finished).toMatchObject({ type: 'finished', interrupted: false });
  expect(finished).toHaveProperty('evaluation.return.mean', expect.any(Number));
}

/** What Gymnasium itself gives for a seed and actions, the episodes that end begun again. */
const ALONE = `
import gymnasium, json, sys
id, seed, actions, imports, wrappers = json.loads(sys.argv[1])
import importlib
for name in imports: importlib.import_module(name)
env = gymnasium.make(id)
for name in wrappers:
    module, _, wrapper = name.partition(":")
    env = getattr(importlib.import_module(module), wrapper)(env)
seen = [env.reset(seed=seed)[0].tolist()]
for action in actions:
    obs, reward, terminated, truncated, _ = env.step(action)
    seen.append([obs.tolist(), float(reward), bool(terminated), bool(truncated)])
    if terminated or truncated: seen.append(env.reset()[0].tolist())
print(json.dumps(seen))
`;

const ACTIONS = Array.from({ length: 60 }, (_, i) => (i % 7 < 4 ? 1 : 0));

/** The same through an \`Env\`. @param between called before the given step */
async function play(env: Env, between: (step: number) => unknown = () => {}): Promise<unknown[]> {
  const list = (obs: unknown) => Array.from(obs as Float32Array);
  const seen: unknown[] = [list((await env.reset({ seed: 3 })).obs)];
  for (const [i, action] of ACTIONS.entries()) {
    await between(i);
    const { obs, reward, terminated, truncated } = await env.step(action);
    seen.push([list(obs), reward, terminated, truncated]);
    if (terminated || truncated) seen.push(list((await env.reset()).obs));
  }
  return seen;
}

/** A relay to a server, whose connections can be cut. */
async function cuttable(url: string) {
  const sockets = new Set<Socket>();
  const { port, pathname } = new URL(url);
  const relay = createServer((near) => {
    const far = dialTcp(Number(port), '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => other.destroy());
      socket.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  closing.push(() => relay.close());
  const address = relay.address() as { port: number };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  closing.push(cut);
  return { url: `ws://127.0.0.1:${address.port}${pathname}`, cut };
}

const NEEDED = 'gymnasium, msgpack, websockets';

const TASKS = [
  {
    id: 'CartPole-v1',
    needs: NEEDED,
    imports: [],
    wrappers: [],
    args: [],
    observes: { type: 'box', shape: [4], dtype: 'float32' },
    actions: 2,
  },
  {
    id: 'LunarLander-v3',
    needs: `${NEEDED}, Box2D`,
    imports: [],
    wrappers: [],
    args: ['--unbounded'],
    observes: { type: 'box', shape: [8], dtype: 'float32', low: null, high: null },
    actions: 4,
  },
  {
    id: 'MiniGrid-DoorKey-5x5-v0',
    needs: `${NEEDED}, minigrid`,
    imports: ['minigrid'],
    wrappers: ['minigrid.wrappers:ImgObsWrapper', 'gymnasium.wrappers:FlattenObservation'],
    args: [],
    observes: { type: 'box', shape: [147], dtype: 'uint8', low: 0, high: 255 },
    actions: 7,
  },
];

describe.each(TASKS)('$id of Gymnasium', ({ id, needs, imports, wrappers, args, ...spaces }) => {
  const here = pythonHas(needs, `${id} of Gymnasium`);
  const options = [
    ...imports.flatMap((name) => ['--import', name]),
    ...wrappers.flatMap((name) => ['--wrapper', name]),
    ...args,
  ];

  it.runIf(here)('is trained on, and steps as it does by itself', async () => {
    const server = await serve(id, ...options);
    const runDir = tempDir();
    expectMetrics(await trained({ url: server.url, count: 2 }, runDir));
    const agent = await Agent.load(runDir);
    expect(agent.observationSpace.toJSON()).toMatchObject(spaces.observes);
    expect(agent.actionSpace.toJSON()).toEqual({ type: 'discrete', n: spaces.actions, start: 0 });
    agent.dispose();

    const env = await open(server.url);
    expect(env.snapshot).toBeUndefined();
    expect(await play(env)).toEqual(
      python(ALONE, JSON.stringify([id, 3, ACTIONS, imports, wrappers])),
    );
    expect(await server.stop()).toBe(0);
    expect(server.printed).toHaveLength(1);
  });
});

describe.runIf(pythonHas(NEEDED, 'the Python client'))('the Python client', () => {
  it('goes on where it was when the connection is cut', async () => {
    const server = await serve('CartPole-v1');
    const { url, cut } = await cuttable(server.url);
    const seen = await play(await open(url), (step) => step % 20 === 10 && cut());
    expect(seen).toEqual(python(ALONE, JSON.stringify(['CartPole-v1', 3, ACTIONS, [], []])));
  });

  it('serves a vector environment that check-env finds nothing wrong with', async () => {
    const { url } = await serve('CartPole-v1', '--vector', '--vector-mode', 'vector_entry_point');
    const { problems, server } = await checkServer(url, { envSteps: 50, timeoutMs: 60_000 });
    expect(problems).toEqual([]);
    expect(server).toMatchObject({ exactlyOnce: true, resumes: true, frame: { envs: 4 } });
    expect(server.autoreset.followed).toBe(server.autoreset.ended);
  });

  it('takes texts as actions, in training and step by step', async () => {
    const { url } = await serve('Spelling-v0', '--import', 'toys');
    expectMetrics(await trained({ url, count: 2 }));
    const env = await open(url);
    expect(env.actionSpace.toJSON()).toEqual({
      ...{ type: 'text', minLength: 1, maxLength: 3, charset: 'abc' },
    });
    const words = ['a', 'cb', 'bca'];
    for (let seed = 0; seed < 8; seed++) {
      const { obs } = await env.reset({ seed });
      const right = words[obs as number];
      const said = seed % 2 ? right : words.find((word) => word !== right)!;
      expect((await env.step(said)).reward).toBe(seed % 2);
    }
  });

  it('demonstrates actions, from which `likelihood` learns', async () => {
    const { url } = await serve('Showing-v0', '--import', 'toys');
    const config = tinyConfig({
      algorithm: 'likelihood',
      env: { id: undefined, url, count: 2 },
      likelihood: { decisions: 32, minibatch: 16 },
      evaluation: { everyUpdates: 6, episodes: 1, forcedEpisodes: 0 },
      train: { totalSteps: 320 },
    });
    const events: TrainEvent[] = [];
    await train(config, { runDir: tempDir(), on: (event) => void events.push(event) });
    const nats = events.flatMap((event) => (event.type === 'updated' ? [event.metrics.nats] : []));
    expect(nats).toHaveLength(10);
    for (const one of nats) expect(one).toBeGreaterThan(0);
    const env = await open(url);
    const { info } = await env.reset({ seed: 1 });
    const shown = [
      info,
      (await env.step(2)).info,
      (await env.step(2)).info,
      (await env.step(2)).info,
    ];
    expect(shown.map(({ demonstration }) => demonstration)).toEqual([2, 1, 1, undefined]);
  });

  it('dials a trainer that listens', async () => {
    let dialled: Command | undefined;
    const events: TrainEvent[] = [];
    const config = tinyConfig({
      env: { id: undefined, listen: '127.0.0.1:0', count: 2 },
      evaluation: { everyUpdates: 6, episodes: 1, forcedEpisodes: 0 },
      train: { totalSteps: 320 },
    });
    await train(config, {
      runDir: tempDir(),
      on: (event) => {
        events.push(event);
        if (event.type === 'listening')
          dialled = client('dial', event.url, 'CartPole-v1', '--count', '4');
      },
    });
    expectMetrics(events);
    expect(await dialled!.stop()).toBe(0);
  });
});
