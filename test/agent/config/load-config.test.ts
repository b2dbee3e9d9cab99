import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/agent/common/errors.ts';
import { configSchema } from '../../../src/agent/config/config.ts';
import { configJsonSchema } from '../../../src/agent/config/json-schema.ts';
import { configFromSet, loadConfig } from '../../../src/agent/config/load-config.ts';
import { type LoadConfigOptions, parseConfig } from '../../../src/agent/config/parse-config.ts';
import { resolvedYaml } from '../../../src/agent/config/resolved-yaml.ts';
import type { FieldSchema } from '../../../src/envs/common/index.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-config-'));
});
afterAll(() => rm(dir, { recursive: true }));

const valid = 'name: a\nenv: { id: KHop-v0 }\ntrain: { totalSteps: 1000 }\n';

async function load(text: string, options?: LoadConfigOptions) {
  const path = join(dir, 'config.yaml');
  await writeFile(path, text);
  return loadConfig(path, options);
}

/** The lines of the error, without where in the file they are. */
async function problems(text: string, options?: LoadConfigOptions): Promise<string[]> {
  const error = await load(text, options).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message
    .split('\n')
    .map((line) => line.replace(/ \(in [^)]*\)$/, ''));
}

describe('loadConfig', () => {
  it('fills in the defaults', async () => {
    const config = await load(valid);
    expect(config.env).toMatchObject({ id: 'KHop-v0', count: 16, options: {} });
    expect(config.ppo.epochs).toBe(10);
    expect(config.train).toEqual({ totalSteps: 1000, seed: 0 });
  });

  it.each([
    ['env: { id: KHop-v0 }', 'KHop-v0'],
    ['env: { module: ./games/my game.ts }', 'my-game'],
    ["env: { url: 'ws://127.0.0.1:8765' }", '127.0.0.1-8765'],
    ["env: { url: ['ws://a:1/', 'ws://b:2'] }", 'a-1'],
    ['env: { listen: 127.0.0.1:8765 }', '127.0.0.1-8765'],
    ['env: {}', 'run'],
  ])('names a run after its environment: %s', async (env, name) => {
    expect((await load(`${env}\ntrain: { totalSteps: 1000 }\n`)).name).toBe(name);
  });

  it('gives line and column of every syntax error', async () => {
    const lines = await problems('name: a\nname: b\nenv: {id: x\n');
    expect(lines[0]).toMatch(/config\.yaml:2:1: Map keys must be unique$/);
    expect(lines[1]).toMatch(/config\.yaml:\d+:\d+: Flow map/);
  });

  it.each([
    ['', 'config: expected a mapping with train, got nothing'],
    ['[1]', 'config: expected a mapping with train, got [1]'],
    ['ppo: { epoch: 4 }', 'ppo.epoch: unknown key; did you mean "epochs"?'],
    ['Policy: {}', 'Policy: unknown key; did you mean "policy"?'],
    ['epochs: 4', 'epochs: unknown key; did you mean "ppo.epochs"?'],
    [
      'checkpoint: { often: 4 }',
      'checkpoint.often: unknown key; expected one of everyUpdates, everySeconds, keep, milestoneSteps, failures',
    ],
    [
      'ppo: { decisions: 63 }',
      'ppo.decisions: expected at least 64, 4 decisions for each of env.count = 16 environments, got 63',
    ],
    [
      'algorithm: sarsa',
      'algorithm: expected one of "ppo", "pqn", "likelihood", "gumbel", got "sarsa"',
    ],
    ['ppo: { epochs: four }', 'ppo.epochs: expected an integer ≥ 1, got "four"'],
    ['ppo: { epochs: 1.5 }', 'ppo.epochs: expected an integer ≥ 1, got 1.5'],
    ['ppo: { epochs: 0 }', 'ppo.epochs: expected an integer ≥ 1, got 0'],
    ['ppo: { epochs: }', 'ppo.epochs: expected an integer ≥ 1, got nothing'],
    ['ppo: { gamma: 1.01 }', 'ppo.gamma: expected a number in 0..1, got 1.01'],
    ['ppo: { gamma: .nan }', 'ppo.gamma: expected a number in 0..1, got NaN'],
    ['ppo: { learningRate: 0 }', 'ppo.learningRate: expected a number > 0, got 0'],
    ['halting: { priorHalt: 1 }', 'halting.priorHalt: expected a number > 0 and < 1, got 1'],
    ['ppo: { learningRate: .inf }', 'ppo.learningRate: expected a number > 0, got Infinity'],
    ['normalize: { obs: yes }', 'normalize.obs: expected true or false, got "yes"'],
    ['policy: { core: wide }', 'policy.core: expected one of "latent", "full", got "wide"'],
    ['policy: { encoder: {} }', 'policy.encoder.module: expected a string, got nothing'],
    ['ppo: 3', 'ppo: expected a mapping, got 3'],
    ['halting: { minSteps: 9 }', 'halting.minSteps: expected minSteps ≤ maxSteps, got 9'],
    [
      'halting: { maxSteps: 100000000 }',
      'halting.maxSteps: expected an integer in 1..1000, got 100000000',
    ],
  ])('refuses %j with path, expected and got', async (text, problem) => {
    const whole = text === '' || text === '[1]' ? text : `${valid}${text}\n`;
    expect(await problems(whole)).toEqual([problem]);
  });

  it('refuses an environment named twice, and a name that is no file name', async () => {
    expect(
      await problems('name: a/b\nenv: { id: x, module: ./y.ts }\ntrain: { totalSteps: 1 }'),
    ).toEqual([
      'name: expected 1 to 200 letters, digits, ".", "_" and "-", and not dots alone, got "a/b"',
      'env: expected only one of id, module, url, listen and recordings, got a mapping of id, module',
    ]);
  });

  it.each(['.', '..'])('refuses the name %s, which leads elsewhere', async (name) => {
    const text = `name: "${name}"\nenv: { id: KHop-v0 }\ntrain: { totalSteps: 1 }`;
    expect(await problems(text)).toEqual([expect.stringContaining('not dots alone')]);
  });

  it('refuses a name that no file system takes, with its length', async () => {
    expect(await problems(valid.replace('name: a', `name: ${'a'.repeat(300)}`))).toEqual([
      expect.stringMatching(/^name: expected 1 to 200 letters, .*, got "a+… \(300 characters\)$/),
    ]);
  });

  it('shows a number as it was written, also one that no number holds', async () => {
    const seed = '18446744073709551615';
    const problem = `train.seed: expected an integer ≥ 0, at most 9007199254740991, got ${seed}`;
    expect(await problems(valid.replace('1000', `1, seed: ${seed}`))).toEqual([problem]);
    expect(await problems(valid, { set: [`train.seed=${seed}`] })).toEqual([
      `${problem} (from --set train.seed=${seed})`,
    ]);
  });

  it('names the line of an alias without an anchor, and refuses aliases without bound', async () => {
    const file = join(dir, 'config.yaml');
    expect(await problems(`${valid}ppo: *own\nprice: { initial: *own }\n`)).toEqual([
      `${file}:4:6: expected an anchor &own before *own, found none`,
      `${file}:5:19: expected an anchor &own before *own, found none`,
    ]);
    const doubled = Array.from({ length: 9 }, (_, i) => {
      const alias = i === 0 ? 'x' : `*a${i - 1}`;
      return `a${i}: &a${i} [${new Array(9).fill(alias).join(', ')}]\n`;
    });
    expect(await problems(`${doubled.join('')}${valid}`)).toEqual([
      `${file}: Excessive alias count indicates a resource exhaustion attack`,
    ]);
  });

  it('refuses heads that do not divide the width', async () => {
    expect(await problems(`${valid}policy: { heads: 5 }`)).toEqual([
      'policy.heads: expected a divisor of policy.width, got 5',
    ]);
  });

  it('reports all problems at once, with their lines', async () => {
    const text = 'name: a\nenv:\n  id: x\n  cuont: 3\ntrain:\n  totalSteps: -1\n';
    await expect(load(text)).rejects.toThrow(
      new UsageError(
        [
          'env.cuont: unknown key; did you mean "count"? (in FILE, line 4)',
          'train.totalSteps: expected an integer ≥ 1, got -1 (in FILE, line 6)',
        ]
          .join('\n')
          .replaceAll('FILE', join(dir, 'config.yaml')),
      ),
    );
  });

  it('names what it looked for where there is neither file nor packaged config', async () => {
    await expect(loadConfig('no-such-config')).rejects.toThrow(
      /^no-such-config: expected a YAML file or the name of a packaged config \(.*\), found neither$/,
    );
    await expect(loadConfig(dir)).rejects.toThrow(UsageError);
    await expect(loadConfig('k-hops')).rejects.toThrow(/found neither; did you mean k-hop\?$/);
    await expect(loadConfig('Maze-v0')).rejects.toThrow(
      /found neither; Maze-v0 is a built-in environment: .* with --set env\.id=Maze-v0$/,
    );
    await expect(loadConfig('./my-env.ts')).rejects.toThrow(
      './my-env.ts: expected a YAML config, got a module; name the module in a config (env: { module: ./my-env.ts })',
    );
    expect(await loadConfig('k-hop.yaml')).toEqual(await loadConfig('k-hop'));
  });
});

describe('a section of which everything is left out', () => {
  it('is its defaults', async () => {
    const text = `${valid.replace('KHop-v0', 'KHop-v0, options: ')}ppo:\n  # epochs: 3\nhooks:\n  # - module: ./a.ts\n`;
    expect(await load(text)).toEqual(await load(valid));
    expect(await problems(`${valid}policy: { encoder: }`)).toEqual([
      'policy.encoder.module: expected a string, got nothing',
    ]);
  });
});

describe('--set', () => {
  it('takes scalars, lists and mappings, into fields and free options', async () => {
    const config = await load(valid, {
      set: [
        'ppo.learningRate=1e-4',
        'env.options.sizes=[3, 4]',
        'env.options.goal.at={ x: 1 }',
        'env.options.goal.name=a=b',
        'env.options.sizes.1=5',
        'halting.rule=fixed',
        'env.options.none=null',
      ],
      seed: 7,
    });
    expect(config.ppo.learningRate).toBe(1e-4);
    expect(config.halting.rule).toBe('fixed');
    expect(config.train.seed).toBe(7);
    expect(config.env.options).toEqual({
      sizes: [3, 5],
      goal: { at: { x: 1 }, name: 'a=b' },
      none: null,
    });
  });

  it('puts a field back to its default by null', async () => {
    const text = `${valid}price: { targetSteps: 2, initial: 0.5 }\n`;
    const config = await load(text, { set: ['price.targetSteps=null', 'price.initial=null'] });
    expect(config.price.targetSteps).toBeUndefined();
    expect(config.price.initial).toBeUndefined();
  });

  it('lets the last one of a path win', async () => {
    expect((await load(valid, { set: ['ppo.epochs=1', 'ppo.epochs=2'] })).ppo.epochs).toBe(2);
  });

  it.each([
    ['ppo.epoch=4', 'ppo.epoch: unknown key; did you mean "epochs"? (from --set ppo.epoch=4)'],
    [
      'ppo.epoch=null',
      'ppo.epoch: unknown key; did you mean "epochs"? (from --set ppo.epoch=null)',
    ],
    [
      'ppo.epochs.first=4',
      'ppo.epochs.first: unknown key; ppo.epochs is an integer ≥ 1 (from --set ppo.epochs.first=4)',
    ],
    [
      'ppo.epochs=four',
      'ppo.epochs: expected an integer ≥ 1, got "four" (from --set ppo.epochs=four)',
    ],
    ['ppo.epochs', '--set ppo.epochs: expected path=value, such as ppo.epochs=2'],
    ['=4', '--set =4: expected path=value, such as ppo.epochs=2'],
    ['ppo..epochs=4', '--set ppo..epochs=4: expected path=value, such as ppo.epochs=2'],
    [
      'name=b: c',
      '--set name=b: c: expected a YAML scalar, [list] or {mapping}, got a block collection',
    ],
    ['ppo=*own', '--set ppo=*own: expected a YAML scalar, [list] or {mapping}, got an alias (*)'],
    [
      'env.options.a.b=1',
      '--set env.options.a.b=1: expected a mapping or a list that holds this key, got a single value',
    ],
  ])('refuses %s', async (override, problem) => {
    const text = valid.replace('KHop-v0', 'KHop-v0, options: { a: 1 }');
    expect(await problems(text, { set: [override] })).toEqual([problem]);
  });

  it('refuses a bad seed like any other field', async () => {
    expect(await problems(valid, { seed: -1 })).toEqual([
      'train.seed: expected an integer ≥ 0, got -1 (from --set train.seed=-1)',
    ]);
  });
});

describe('modules', () => {
  const module = 'name: a\nenv: { module: ./my-env.ts }\ntrain: { totalSteps: 1 }\n';

  it('are relative to the file, or to the working directory where given by --set', async () => {
    expect((await load(module)).env.module).toBe(join(dir, 'my-env.ts'));
    const config = await load(module, { set: ['env.module=other.ts'] });
    expect(config.env.module).toBe(join(process.cwd(), 'other.ts'));
  });

  it('are written relative to the run’s directory, from where they load again', async () => {
    const config = await load(module);
    const runDir = join(dir, 'runs', 'a');
    const text = resolvedYaml(config, runDir);
    expect(text).toContain('module: ../../my-env.ts');
    expect(text).not.toContain(dir);
    expect(relative(dir, config.env.module!)).toBe('my-env.ts');
  });
});

describe('configFromSet', () => {
  it('has the defaults, its environment, and its name from it', () => {
    const set = ['env.id=Maze-v0', 'env.options.size=3', 'train.totalSteps=10'];
    const config = configFromSet({ set, seed: 3 });
    const plain = { name: 'Maze-v0', env: { id: 'Maze-v0', options: { size: 3 } } };
    expect(config).toEqual(parseConfig({ ...plain, train: { totalSteps: 10, seed: 3 } }));
  });

  it.each([
    ['env.module=./my/grid world.ts', 'grid-world'],
    ['env.url=wss://host:1/path', 'path'],
    ['env.listen=127.0.0.1:8765', '127.0.0.1-8765'],
  ])('is called after %s', (env, name) => {
    expect(configFromSet({ set: [env, 'train.totalSteps=1'] }).name).toBe(name);
    expect(configFromSet({ set: [env, 'train.totalSteps=1', 'name=mine'] }).name).toBe('mine');
  });

  it('says how the length of training is given', () => {
    expect(() => configFromSet({ set: ['env.id=Maze-v0'] })).toThrow(
      new UsageError(
        'train.totalSteps: expected an integer ≥ 1, got nothing (no config file was given; set it with --set)',
      ),
    );
  });
});

describe('parseConfig', () => {
  it.each([
    ['a function', { deep: [1, { f: () => 1 }] }, 'deep[1].f', 'plain JSON data, got function'],
    ['a date', { at: new Date(0) }, 'at', 'plain JSON data, got Date'],
    ['a bigint', { n: 1n }, 'n', 'plain JSON data, got bigint (String keeps it exactly)'],
    ['NaN', { n: Number.NaN }, 'n', 'a number, got NaN'],
  ])('refuses options that a run cannot write down: %s', (_, options, where, problem) => {
    const input = { name: 'a', env: { id: 'x', options }, train: { totalSteps: 10 } };
    expect(() => parseConfig(input)).toThrow(
      new UsageError(`env.options.${where}: expected ${problem}`),
    );
  });

  it('checks an object as strictly as a file', () => {
    const input = { name: 'a', env: { id: 'KHop-v0' }, train: { totalSteps: 10 } };
    expect(parseConfig(input).ppo.epochs).toBe(10);
    expect(() => parseConfig({ ...input, ppo: { epochs: 0 } })).toThrow(
      new UsageError('ppo.epochs: expected an integer ≥ 1, got 0'),
    );
  });
});

/** Every field that has no default, with a value that it takes. */
function optionals(): object {
  const given: Record<string, object> = {};
  for (const [section, { properties = {} }] of Object.entries(configJsonSchema().properties!)) {
    for (const [key, field] of Object.entries(properties)) {
      const number = field.type === 'integer' || field.type === 'number';
      if (field.default !== undefined || !number) continue;
      given[section] = { ...given[section], [key]: 1 };
    }
  }
  expect(given.budget).toEqual({ rssMiB: 1, heapMiB: 1, tensorGrowth: 1 });
  return { ...given, env: { ...given.env, id: 'x' } };
}

describe('resolvedYaml', () => {
  it('reads back as the same config, every field under its description', async () => {
    const text = `${valid}halting: { ponderSteps: 3, rule: fixed }\npolicy: { encoder: { module: /e.js } }\n`;
    const config = await load(text, { set: ['env.options.deep={ a: [1, null, "x"], b: .inf }'] });
    const yaml = resolvedYaml(config, dir);
    expect(await load(yaml)).toEqual(config);
    expect(yaml).toContain(
      `  # ${configSchema.shape.train.shape.totalSteps.description}\n  totalSteps: 1000\n`,
    );
  });

  it('shows every field, one that is not set as a comment', async () => {
    const config = await load(valid);
    const lines = resolvedYaml(config, dir).split('\n');
    const missing: string[] = [];
    let at = 0;
    const visit = (indent: string, { properties = {} }: FieldSchema): void => {
      for (const [key, field] of Object.entries(properties)) {
        const isField = (line: string) => line.replace('# ', '').startsWith(`${indent}${key}:`);
        at = lines.findIndex((line, i) => i > at && isField(line));
        if (lines[at - 1] !== `${indent}# ${field.description}`) missing.push(key);
        if (!lines[at]?.includes('#')) visit(`${indent}  `, field);
      }
    };
    visit('', configJsonSchema());
    expect(missing).toEqual([]);
    expect(lines).toContain('  # warmStart: (not set; a string)');
    expect(lines).toContain('  # rssMiB: (not set; a number > 0)');
  });

  it.each<[string, object]>([
    ['nothing else', {}],
    ['each optional field', optionals()],
    [
      'hooks, an encoder and threads',
      {
        hooks: [{ module: '/a.js' }, { module: '/b.js', options: { every: 3 } }],
        policy: { encoder: { module: '/c.js', options: { n: 1 } } },
        env: { module: '/d.js', workers: 2 },
      },
    ],
    ['servers', { env: { url: ['ws://a:1', 'wss://b/x?y=z#w'], tokenEnv: 'TOKEN' } }],
    [
      'numbers at their ends',
      {
        ppo: { learningRate: 5e-324, clip: Number.MAX_VALUE, gamma: 1 },
        train: { totalSteps: Number.MAX_SAFE_INTEGER, seed: Number.MAX_SAFE_INTEGER },
      },
    ],
    [
      'options of every kind',
      {
        env: {
          options: {
            yes: 'yes',
            none: null,
            '': 'empty',
            'a: b': '#',
            text: 'a\nb\n\n  c\r\n',
            number: '1e3',
            nul: 'null',
            list: [[], {}, [null, -0, Infinity, '~']],
            '<<': { a: 1 },
            long: 'x '.repeat(200),
            '2': 2n > 1,
          },
        },
      },
    ],
  ])('reads back as the same config: %s', async (_, input) => {
    const config = parseConfig({
      name: 'a',
      ...input,
      train: { totalSteps: 10, ...(input as { train?: object }).train },
    });
    expect(await load(resolvedYaml(config, dir))).toStrictEqual(config);
  });

  it('gives a section back whose comments are made fields', async () => {
    const yaml = resolvedYaml(await load(valid), dir);
    const text = yaml.replace('  # rssMiB: (not set; a number > 0)', '  rssMiB: 100');
    expect((await load(text)).budget).toEqual({ rssMiB: 100 });
  });

  it('does not depend on the order in which fields were given', async () => {
    const a = await load('train: { seed: 1, totalSteps: 2 }\nenv: { id: x }\nname: a\n');
    const b = await load('name: a\nenv: { id: x }\ntrain: { totalSteps: 2, seed: 1 }\n');
    expect(resolvedYaml(a, dir)).toBe(resolvedYaml(b, dir));
  });
});

describe('configJsonSchema', () => {
  it('has a sentence on every field', () => {
    const bare: string[] = [];
    const visit = (path: string, { properties = {} }: FieldSchema): void => {
      for (const [key, field] of Object.entries(properties)) {
        if (!/^\S.*\.$/.test(field.description ?? '')) bare.push(path + key);
        visit(`${path}${key}.`, field);
      }
    };
    visit('', configJsonSchema());
    expect(bare).toEqual([]);
  });
});
