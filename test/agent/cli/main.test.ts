import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../../src/agent/cli/program.ts';
import { built, pondera as command } from '../../support/built.ts';

/** What `inProcess` prints. */
let printed = '';
vi.mock('../../../src/agent/cli/output.ts', () => ({
  print: (text: string) => {
    printed += text;
  },
}));

const root = resolve(import.meta.dirname, '../../..');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-cli-'));
});
afterAll(() => rm(dir, { recursive: true }));

interface Result {
  code: number | string | null | undefined;
  stdout: string;
  stderr: string;
}

/** Runs the command as a user would, in a process of its own. */
function pondera(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  return new Promise((done) => {
    const options = { cwd: root, env: { ...process.env, ...env } };
    const [program, ...first] = command();
    execFile(program, [...first, ...args], options, (error, stdout, stderr) => {
      done({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** Runs the command here: what it says and its exit code are the same, and it takes no second to start. */
async function inProcess(args: string[]): Promise<Result> {
  printed = '';
  let stderr = '';
  const handlers = () => SIGNALS.map((name) => process.listeners(name as 'SIGINT'));
  const before = handlers();
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += text;
    return true;
  });
  try {
    const code = await runProgram(args);
    return { code, stdout: printed, stderr };
  } finally {
    process.exitCode = undefined;
    spy.mockRestore();
    // A process that refuses ends; here its handlers would stay.
    for (const [i, now] of handlers().entries()) {
      for (const handler of now) if (!before[i].includes(handler)) process.off(SIGNALS[i], handler);
    }
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'];

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

describe('pondera', () => {
  it('--help names every command and the exit codes', async () => {
    const { code, stdout, stderr } = await pondera(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of ['train', 'eval', 'study', 'serve', 'check-env', 'envs']) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
    expect(stdout).toContain('130 interrupted');
  });

  it('--version is the package’s', async () => {
    const { default: own } = await import('../../../package.json', { with: { type: 'json' } });
    expect((await pondera(['--version'])).stdout).toBe(`${own.version}\n`);
  });

  it.each([
    [[], 'Usage: pondera'],
    [['frain'], "unknown command 'frain'"],
    [['train', '--fast'], "unknown option '--fast'"],
    [['train', 'a.yaml', 'b.yaml'], 'too many arguments'],
    [['train', '--seed', 'one'], 'Expected an integer ≥ 0, got "one".'],
    [
      ['train', '--seed', '18446744073709551615'],
      'Expected an integer ≥ 0, at most 9007199254740991, got "18446744073709551615".',
    ],
    [['train', '--resume', '--overwrite'], "'--overwrite' cannot be used with option '--resume'"],
    // From the options of no other environment.
    [
      ['train', '--set', 'env.id=Maze-v0'],
      'error: train.totalSteps: expected an integer ≥ 1, got nothing (no config file was given; set it with --set)\n',
    ],
    [
      ['train', 'k-hop', '--set', 'env.id=Maze-v0'],
      'env: Maze-v0: options.layers: unknown option; Maze-v0 takes size, ',
    ],
    [['train', '--set', 'env.id=Maze', '--set', 'train.totalSteps=9'], 'did you mean Maze-v0?'],
    [['eval'], "missing required argument 'run'"],
    [['eval', 'x', '--episodes', '0'], 'Expected an integer ≥ 1, got "0".'],
    [['eval', 'x', '--exit', 'soon'], 'Allowed choices are sample, threshold, cdf, '],
    [
      ['eval', 'x', '--halting', 'never'],
      'Allowed choices are bernoulli, sample, threshold, cdf, ',
    ],
    [
      ['eval', 'x', '--exit', 'cdf', '--ponder-steps', '2'],
      '--ponder-steps: expected together with --exit fixed',
    ],
    [['record', 'x', '--tolerance', '0'], 'Expected a number > 0, got "0".'],
    [['serve', 'x', '--quantile', 'half'], 'Expected a number in 0..1, got "half".'],
    [
      ['eval', 'x', '--halting', 'fixed', '--ponder-steps', '2'],
      'warning: --halting fixed is now called --exit fixed\nerror: x: expected a run directory',
    ],
    [['eval', 'no-such-run'], 'no-such-run: expected a run directory'],
    [['record', 'x', '--stdout', '--out', 'y'], '--out: not allowed together with --stdout'],
    [['study', 'k-hop'], "required option '--seeds <n>' not specified"],
    [['serve', 'no-such-run'], 'no-such-run: expected a run directory'],
    [
      ['serve', 'x', '--host', '0.0.0.0'],
      'expected a loopback address or a token, got 0.0.0.0 without a token',
    ],
    [
      ['env', 'KHop-v0', '--host', '0.0.0.0'],
      'expected a loopback address or a token, got 0.0.0.0 without a token',
    ],
    [
      ['env', 'KHop-v0', '--set', 'a=1'],
      '--set: expected together with a config, got the built-in environment KHop-v0',
    ],
    [['env', './nope.ts'], 'environment module ./nope.ts: no file'],
    [
      ['check-env', 'ws://127.0.0.1:1', '--token-env', 'NOT_SET'],
      'expected a token in the environment variable NOT_SET',
    ],
    [
      ['serve', 'x', '--token-env', 'NO_SUCH'],
      'expected a token in the environment variable NO_SUCH, got none',
    ],
    [['serve', 'x', '--tls-cert', 'c.pem'], '--tls-cert and --tls-key: expected both, got one'],
    [['serve', 'x', '--reload-seconds', '0'], 'Expected a number > 0, got "0".'],
    [
      ['check-env', 'KHop-v0', '--set', 'ppo.epochs=1'],
      '--set ppo.epochs=1: expected a setting of env.options or policy',
    ],
    [
      ['check-env', 'no-such-env'],
      'no-such-env: expected the file of a module, the address of a server',
    ],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await inProcess(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  // Of its parser, and of its work.
  it.each([[['train', '--fast']], [['train', 'no-such-config']]])(
    'says in a process what it says here of %j',
    async (args) => {
      const said = await pondera(args);
      expect(said).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/^error: /),
      });
      expect(said).toEqual(await inProcess(args));
    },
  );

  it('train refuses a bad config before anything runs, every problem at once', async () => {
    const path = await file('bad.yaml', 'name: a\nenv: { id: KHop-v0, cuont: 2 }\n');
    const { code, stdout, stderr } = await inProcess(['train', path, '--set', 'ppo.epochs=four']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      [
        `error: env.cuont: unknown key; did you mean "count"? (in ${path}, line 2)`,
        'ppo.epochs: expected an integer ≥ 1, got "four" (from --set ppo.epochs=four)',
        `train: expected a mapping with totalSteps, got nothing (in ${path})`,
        '',
      ].join('\n'),
    );
  });

  it.each(['', ', workers: 1'])(
    'train refuses options that the schema of a module does not take, with exit code 2 (%j)',
    async (more) => {
      const module = await file(
        'sized.mjs',
        `import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
        export const options = z.strictObject({ size: z.int().min(1).default(3) });
        export default () => { throw new Error('made'); };\n`,
      );
      const env = `{ module: ${module}, options: { size: 0, sise: 4 }${more} }`;
      const path = await file('sized.yaml', `name: a\nenv: ${env}\ntrain: { totalSteps: 9 }\n`);
      const runDir = join(dir, 'sized');
      const { code, stdout, stderr } = await inProcess(['train', path, '--run-dir', runDir]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(
        'error: env: sized.mjs: options.size: expected an integer ≥ 1, got 0',
      );
      expect(stderr).toContain('options.sise: unknown option; did you mean "size"?');
      expect(stderr).not.toContain('    at ');
      expect(existsSync(runDir)).toBe(false);
    },
  );

  it('train ends with exit code 75 where it is over its budget, to be resumed', async () => {
    const path = await file(
      'tight.yaml',
      'name: a\nenv: { id: KnownDiscrete-v0 }\nbudget: { heapMiB: 1 }\ntrain: { totalSteps: 9999 }\nkernels: { threads: 1 }\n',
    );
    const runDir = join(dir, 'tight');
    const { code, stderr } = await pondera(['train', path, '--run-dir', runDir]);
    expect(code).toBe(75);
    expect(stderr).toMatch(
      /update 1: over budget: heapBytes is [\d,]+, limit 1,048,576, 1 updates after/,
    );
    expect(stderr).toContain(`saved in ${runDir}; continue with --resume`);
  });

  it('shows where an error came from with PONDERA_DEBUG=1', async () => {
    const { stderr } = await pondera(['train', 'no-such-config'], { PONDERA_DEBUG: '1' });
    expect(stderr).toMatch(/no-such-config: expected a YAML file[^\n]*\n {4}at /);
  });

  it('study refuses an unknown baseline', async () => {
    const path = await file(
      'good.yaml',
      'name: a\nenv: { id: KHop-v0 }\ntrain: { totalSteps: 10 }\n',
    );
    const study = ['study', path, '--seeds', '1', '--against', 'random,luck', '--run-dir'];
    const { code, stderr } = await inProcess([...study, join(dir, 'study')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/expected fixed:<steps>, an exit \(sample, .*, got "luck"/);
  });
});

describe('pondera envs', () => {
  it('lists each environment with its options', async () => {
    const { code, stdout } = await pondera(['envs']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^KHop-v0\n {2}Follow pointers/m);
    expect(stdout).toMatch(/^ {4}layers +3 +Layers of pointers/m);
  });
});

describe('pondera check-env', () => {
  const env = (reward: string, envs = built('src/envs/index.ts')) => `
    import { Discrete } from ${JSON.stringify(envs)};
    export default () => {
      let playing = false;
      return {
        observationSpace: new Discrete(2),
        actionSpace: new Discrete(2),
        reset() { playing = true; return { obs: 0, info: {} }; },
        step(action: number) {
          if (!playing) throw new Error('step before reset');
          playing = false;
          return { obs: 1, reward: ${reward}, terminated: true, truncated: false, info: {} };
        },
      };
    };`;

  it('passes a sound environment, written in TypeScript', async () => {
    const { code, stdout } = await pondera(['check-env', await file('sound.ts', env('action'))]);
    expect(stdout).toContain(
      'problems: 0, warnings: 0\nobservation: one of 2\naction: 2 choices\n',
    );
    expect(code).toBe(0);
  });

  it('fails a broken one with exit code 1, and says what was seen and how to fix it', async () => {
    const { code, stdout } = await pondera(['check-env', await file('broken.ts', env('NaN'))]);
    expect(stdout).toMatch(/problem: reward\n {2}found: .*NaN\n {2}fix: return a finite number/);
    expect(code).toBe(1);
  });

  it('says what the built-in policy cannot be made for, and what to do', async () => {
    const source = env('0', join(root, 'src/envs/index.ts')).replace(
      'actionSpace: new Discrete(2)',
      'actionSpace: new Tuple([new Discrete(2), new Text({ maxLength: 65 })])',
    );
    const tuple = await file(
      'tuple.ts',
      source.replace('{ Discrete }', '{ Discrete, Text, Tuple }'),
    );
    const { code, stdout } = await inProcess(['check-env', tuple]);
    expect(stdout).toMatch(
      /problem: trainable\n {2}found: .* a Text of at most 64 characters, got one of 65\n {2}fix: lower maxLength/,
    );
    expect(code).toBe(1);
  });

  it('makes the policy, with the options of the environment and the sizes of the policy', async () => {
    const set = ['--set', 'env.options.layers=1', '--set', 'env.options.width=2'];
    const { code, stdout } = await pondera(['check-env', 'KHop-v0', ...set]);
    expect(stdout).toContain('observation: set of 3 tokens of 3 choices\naction: 2 choices\n');
    expect(code).toBe(0);
    const narrow = await pondera(['check-env', 'KHop-v0', ...set, '--set', 'policy.width=2']);
    expect(narrow.stdout).toMatch(
      /problem: trainable\n {2}found: .* expected at least 3, .* got 2\n {2}fix: .* policy\.width/,
    );
    expect(narrow.code).toBe(1);
  });

  it('fails with exit code 1 where a module exports no environment', async () => {
    const { code, stderr } = await inProcess(['check-env', await file('empty.ts', 'export {};')]);
    expect(stderr).toContain('has no default export');
    expect(code).toBe(1);
  });
});
