import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import spelling from '../../../examples/openenv.ts';
import backwards from '../../../examples/openenv-text.ts';
import {
  checkEnv,
  Discrete,
  type Env,
  EnvDisconnectedError,
  makeEnv,
  openEnv,
} from '../../../src/envs/index.ts';
import { EnvServer } from '../../../src/envs/server/env-server.ts';
import { built, pondera } from '../../support/built.ts';
import { interpreter, pythonHas } from '../../support/python.ts';

const here = import.meta.dirname;
const root = join(here, '../../..');
// Its core imports much, which takes seconds.
const there = pythonHas('openenv, uvicorn', 'OpenEnv in Python');

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Starts a Python server that prints its port. */
async function start(...args: string[]): Promise<{ url: string; server: ChildProcess }> {
  const server = spawn(interpreter, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  closing.push(() => server.kill('SIGKILL'));
  let complaint = '';
  server.stderr!.on('data', (data) => {
    complaint += data;
  });
  const gone = once(server, 'exit').then(() => {
    throw new Error(`the server has gone: ${complaint}`);
  });
  gone.catch(() => {});
  const [port] = await Promise.race([once(server.stdout!, 'data'), gone]);
  return { url: `http://127.0.0.1:${String(port).trim()}`, server };
}

/** An example's server, which is not changed for it, on a port that is free. */
const example = `
import importlib, socket, sys, uvicorn
sys.path.insert(0, sys.argv[1])
app = importlib.import_module(sys.argv[2]).app
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
`;

const wishes = ['true', 'none', 'half', 'nan', 'raise', 'exit', ''] as const;

/** The environment of odd_server.py. @param seen gets its observations */
function odd(url: string, seen: unknown[] = []): Env<number, number> {
  const env = openEnv({
    url,
    observationSpace: new Discrete(1),
    actionSpace: new Discrete(wishes.length),
    encodeAction: (action) => (wishes[action] === '' ? {} : { wish: wishes[action] }),
    decodeObs: (observation) => {
      seen.push(observation);
      return 0;
    },
    maxEpisodeSteps: 100,
  });
  closing.push(() => env.close?.());
  return env;
}

describe.skipIf(!there)("OpenEnv's own server", () => {
  it.each([
    ['openenv', 'openenv_server', spelling, ['ppo.decisions=128']],
    ['openenv-text', 'openenv_text_server', backwards, ['likelihood.decisions=128']],
  ] as const)(
    'keeps the contract of an environment, and is trained on: %s',
    async (name, server, make, sets) => {
      const { url } = await start('-c', example, join(root, 'examples'), server);
      const report = await checkEnv(() => (make as (options: { url: string }) => Env)({ url }));
      expect(report).toMatchObject({ problems: [], warnings: [] });

      const dir = await mkdtemp(join(tmpdir(), 'pondera-openenv-'));
      closing.push(() => rm(dir, { recursive: true }));
      const settings = [
        `env.options.url=${url}`,
        'env.count=8',
        ...sets,
        'evaluation.episodes=16',
        'train.totalSteps=256',
      ];
      const [program, ...first] = pondera();
      const { stdout } = await promisify(execFile)(
        program,
        [
          ...[...first, 'train', `examples/${name}.yaml`, '--run-dir', join(dir, 'run')],
          ...settings.flatMap((set) => ['--set', set]),
        ],
        { cwd: built('.') },
      );
      expect(stdout).toContain(`${name}.ts, 16 episodes`);
    },
  );

  it('says what is wrong, and is lost and found', async () => {
    const { url, server } = await start(join(here, 'odd_server.py'));
    const seen: unknown[] = [];
    const env = odd(url, seen);
    const wish = async (wish: (typeof wishes)[number], of = env) => of.step(wishes.indexOf(wish));

    await env.reset({ seed: 5 });
    expect(seen).toEqual([{ x: 0, seed: 5 }]);
    expect(await wish('true')).toMatchObject({ reward: 1, terminated: true });
    expect(await wish('none')).toMatchObject({ reward: 0, terminated: true });
    expect(await wish('half')).toMatchObject({ reward: 0.5 });
    await wish('nan');
    // Its JSON has no number for it.
    expect(seen.at(-1)).toMatchObject({ x: [null] });
    await expect(wish('raise')).rejects.toThrow(/step: EXECUTION_ERROR: as wished$/);
    await expect(wish('')).rejects.toThrow(/VALIDATION_ERROR: Invalid message .*"wish"/);

    // It has room for one.
    const other = odd(url);
    const waiting = other.reset();
    env.close!();
    await waiting;

    await expect(wish('exit', other)).rejects.toBeInstanceOf(EnvDisconnectedError);
    await once(server, 'exit');
    const found = other.reset() as Promise<unknown>;
    found.catch(() => {});
    await start(join(here, 'odd_server.py'), new URL(url).port);
    await found;
  });
});

/** Plays an episode of CartPole with OpenEnv's client, and prints what it saw. */
const client = `
import asyncio, json, sys
from openenv.cli._validation import validate_running_environment
from openenv.core.env_client import EnvClient
from openenv.core.client_types import StepResult
from openenv.core.env_server.types import Action, Observation, State
from openenv.core.generic_client import GenericEnvClient

class Push(Action):
    action: int

class Pole(Observation):
    obs: list[float]
    truncated: bool
    info: dict = {}

class CartPole(EnvClient[Push, Pole, State]):
    def _step_payload(self, action):
        return action.model_dump()
    def _parse_result(self, payload):
        pole = Pole(**payload["observation"], reward=payload["reward"], done=payload["done"])
        return StepResult(observation=pole, reward=pole.reward, done=pole.done)
    def _parse_state(self, payload):
        return State(**payload)

async def error_of(awaitable):
    try:
        await awaitable
    except RuntimeError as error:
        return str(error)

async def main(url):
    errors = []
    async with CartPole(url) as env:
        result = await env.reset(seed=3, episode_id="e1")
        first = result.observation.obs
        rewards = []
        while not result.done:
            result = await env.step(Push(action=len(rewards) % 2))
            rewards.append(result.reward)
        state = (await env.state()).model_dump()
        errors.append(await error_of(env.step(Push(action=0))))
        errors.append(await error_of(env.step(Push(action=9))))
        async with GenericEnvClient(url) as other:
            errors.append(await error_of(other.reset()))
        await env.reset()
    report = await asyncio.to_thread(validate_running_environment, url)
    failed = report["summary"]["failed_criteria"]
    seen = dict(first=first, rewards=rewards, truncated=result.observation.truncated)
    print(json.dumps(dict(seen, state=state, errors=errors, valid=report["passed"], failed=failed)))

asyncio.run(main(sys.argv[1]))
`;

describe.skipIf(!there)("OpenEnv's own client", () => {
  it('plays our server, and finds it valid', async () => {
    const server = await EnvServer.listen(() => makeEnv('CartPole-v1'), {
      id: 'CartPole-v1',
      capacity: 1,
    });
    closing.push(() => server.close());
    const url = server.url.replace('ws', 'http').replace('/v1/env', '');
    const { stdout } = await promisify(execFile)(interpreter, ['-c', client, url]);
    const { first, rewards, truncated, state, errors, valid, failed } = JSON.parse(stdout);

    const local = makeEnv('CartPole-v1') as Env<Float32Array, number>;
    expect(first).toEqual(Array.from((await local.reset({ seed: 3 })).obs));
    let steps = 0;
    while (!(await local.step(steps++ % 2)).terminated);
    expect(rewards).toEqual(Array(steps).fill(1));
    expect(truncated).toBe(false);
    expect(state).toEqual({ episode_id: 'e1', step_count: steps });
    expect(errors).toEqual([
      expect.stringMatching(
        /expected an episode in progress; call reset first \(code: EXECUTION_ERROR\)$/,
      ),
      expect.stringMatching(
        /action: expected an integer in 0\.\.1, got 9 \(code: VALIDATION_ERROR\)$/,
      ),
      expect.stringMatching(
        /^Server error: Server at capacity: 1\/1 .* \(code: CAPACITY_REACHED\)$/,
      ),
    ]);
    expect(failed).toEqual([]);
    expect(valid).toBe(true);
  });
});
