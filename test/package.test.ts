import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import own from '../package.json' with { type: 'json' };
import lock from '../package-lock.json' with { type: 'json' };
import { VERSION } from '../src/envs/common/index.ts';

const root = resolve(import.meta.dirname, '..');
/** CI names one of each Node.js that the package is for. */
const nodes = process.env.PONDERA_NODES?.split(delimiter) ?? [process.execPath];

interface Result {
  code: number | string | null | undefined;
  stdout: string;
  /** Both streams. */
  output: string;
}

function run(cwd: string, command: string, ...args: string[]): Promise<Result> {
  return new Promise((done) => {
    execFile(command, args, { cwd, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      done({ code: error ? error.code : 0, stdout, output: stdout + stderr });
    });
  });
}

/** An environment of a user's own, in the user's own TypeScript. */
const myEnv = `
import { Box, Discrete, type Env } from 'pondera';
import { Rng } from 'pondera/kernels';

/** Say which of two numbers is the larger. */
class Larger implements Env<Float32Array, number> {
  readonly observationSpace = new Box({ shape: [2], low: 0, high: 1 });
  readonly actionSpace = new Discrete(2);
  #rng = Rng.seed(0);
  #obs: Float32Array | undefined;

  reset({ seed }: { seed?: number } = {}) {
    if (seed !== undefined) this.#rng = Rng.seed(seed);
    this.#obs = Float32Array.of(this.#rng.float(), this.#rng.float());
    return { obs: this.#obs.slice(), info: {} };
  }

  step(action: number) {
    if (!this.#obs) throw new Error('step before reset');
    const success = this.#obs[action] >= this.#obs[1 - action];
    const obs = this.#obs;
    this.#obs = undefined;
    return { obs, reward: Number(success), terminated: true, truncated: false, info: { success } };
  }
}

export default () => new Larger();
`;

const consumer = `
import { Agent, type Config, type Evaluation, evaluate, train } from 'pondera';
import { checkEnv, makeEnv } from 'pondera/envs';
import { Rng } from 'pondera/kernels';
import { loadAgent } from 'pondera/act';
import 'pondera/agent';
import 'pondera/envs/builtin';
import 'pondera/policy';
import 'pondera/rollout';

export async function main(config: Config): Promise<Evaluation> {
  const { runDir } = await train(config, { on: (event) => console.log(event.type) });
  const agent = await Agent.load(runDir);
  const { ok } = await checkEnv(() => makeEnv('KHop-v0'));
  const { action, thought } = await agent.act(makeEnv('KHop-v0').observationSpace.sample(Rng.seed(1)));
  console.log(ok, action, thought.ponderSteps);
  return evaluate(agent, { episodes: 10 });
}
export async function page(): Promise<number[]> {
  const agent = await loadAgent('/runs/larger/');
  return (await agent.act([0, 1])).thought.values;
}
// @ts-expect-error: train needs a config, which shows that its types are found
train();
`;

const tsconfig = {
  compilerOptions: {
    module: 'NodeNext',
    target: 'ES2023',
    strict: true,
    noEmit: true,
    types: ['node', 'long'],
    lib: ['ES2023', 'DOM'],
  },
  include: ['*.ts'],
};

const config = `
name: larger
env: { module: ./my-env.ts, count: 4 }
policy: { width: 8, heads: 1, feedForward: 8 }
halting: { maxSteps: 2 }
ppo: { decisions: 16, minibatch: 16, epochs: 1 }
evaluation: { episodes: 8 }
train: { totalSteps: 32 }
`;

describe('package.json', () => {
  it('is of the version that the code says', () => {
    expect(VERSION).toBe(own.version);
  });

  it('asks for no more than what the tests run on', () => {
    const packages: Record<string, { version?: string }> = lock.packages;
    for (const [name, range] of Object.entries(own.dependencies)) {
      expect([name, range.replace('^', '')]).toEqual([
        name,
        packages[`node_modules/${name}`].version,
      ]);
    }
  });
});

describe('the packed package, in a project of its own', { timeout: 180_000 }, () => {
  let dir: string;
  let project: string;
  /** Paths of the files in the tarball. */
  let files: string[];
  /** The README's programs. */
  let programs: string[];
  /** Why nothing can be tested here, if so. */
  let unreachable: string | undefined;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pondera-package-'));
    project = join(dir, 'project');
    await mkdir(project);
    // As `npm pack` does, but for the kernels and the page, which the installation has built.
    expect(own.scripts.prepack).toBe('npm run build');
    for (const args of [
      ['run', 'build'],
      ['pack', '--ignore-scripts', '--pack-destination', dir],
    ]) {
      const packed = await run(root, 'npm', ...args);
      expect(packed.code, packed.output).toBe(0);
    }
    const [tarball] = (await readdir(dir)).filter((name) => name.endsWith('.tgz'));
    const listed = await run(dir, 'tar', '-tzf', tarball);
    files = listed.stdout.split('\n').map((path) => path.replace('package/', ''));
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    programs = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
    await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }');
    const quiet = ['--omit=optional', '--no-audit', '--no-fund', '--prefer-offline'];
    // The oldest TypeScript that users may have; the newest is ours.
    const typescript = ['typescript@5.9.3', '@types/node@20'];
    const packages = [join(dir, tarball), ...typescript];
    const installed = await run(project, 'npm', 'install', ...quiet, ...packages);
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT/.test(installed.output)) {
      unreachable = 'skipped: npm cannot reach its registry';
      console.warn(unreachable);
      return;
    }
    expect(installed.code, installed.output).toBe(0);
    await writeFile(join(project, 'my-env.ts'), myEnv);
    await writeFile(join(project, 'consumer.ts'), consumer);
    for (const [i, program] of programs.entries()) {
      await writeFile(join(project, `readme-${i + 1}.ts`), program);
    }
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
    await writeFile(join(project, 'larger.yaml'), config);
    const parity = config
      .replace('name: larger', 'name: parity')
      .replace('module: ./my-env.ts', 'id: Parity-v0');
    // The other run is on what is the fastest, which takes a second to find out.
    await writeFile(
      join(project, 'parity.yaml'),
      `${parity}backend: simd\nkernels: { threads: 1 }\n`,
    );
  }, 300_000);

  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('has the examples, the clients and the pages, but no tests', () => {
    const wanted = [
      ...['examples/custom-env.ts', 'examples/custom-env.yaml', 'examples/pondera.service'],
      ...['clients/browser/index.html', 'clients/browser/policy.js'],
      ...['clients/python/pyproject.toml', 'clients/python/pondera_client/py.typed'],
      ...[
        'docs/index.md',
        'docs/api/envs.md',
        'docs/inspector.png',
        'configs/k-hop.yaml',
        'LICENSE',
      ],
    ];
    expect(files).toEqual(expect.arrayContaining(wanted));
    expect(files.filter((path) => /(^|\/)(tests?|src|runs|__pycache__)\//.test(path))).toEqual([]);
  });

  it('has every file that its README links to', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, to]) => to);
    const relative = links.filter((link) => !/^\w+:/.test(link));
    expect(relative).toContain('docs/inspector.png');
    const missing = relative.filter(
      (link) => !files.some((path) => path === link || path.startsWith(`${link}/`)),
    );
    expect(missing).toEqual([]);
  });

  /** A test that needs the installed package. */
  const installed = (name: string, test: (context: TestContext) => Promise<void>) =>
    it(name, async (context) => {
      context.skip(unreachable !== undefined, unreachable);
      await test(context);
    });

  installed('has types for every entry, and all that they are made of', async () => {
    const tsc = join(project, 'node_modules/typescript/bin/tsc');
    const { code, output } = await run(project, process.execPath, tsc, '-p', '.');
    expect({ code, output }).toEqual({ code: 0, output: '' });
  });

  installed('has types that the newest TypeScript finds nothing wrong with', async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { output } = await run(project, process.execPath, tsc, '-p', '.');
    // Those of tfjs have WebGPU's once more, beside the ones in its own library of the DOM.
    const elsewhere = /node_modules\/@(tensorflow|webgpu)\/|lib\.dom\.d\.ts/;
    expect(output.split('\n').filter((line) => line !== '' && !elsewhere.test(line))).toEqual([]);
  });

  describe.each(nodes)('on %s', { timeout: 180_000 }, (node) => {
    const main = 'node_modules/pondera/dist/agent/cli/main.js';
    const ask = (...args: string[]) => run(project, node, '--throw-deprecation', main, ...args);

    installed('is imported and required', async () => {
      await writeFile(
        join(project, 'import.mjs'),
        "import { train } from 'pondera';\ntrain.call;\n",
      );
      await writeFile(join(project, 'require.cjs'), "require('pondera').train.call;\n");
      for (const file of ['import.mjs', 'require.cjs']) {
        expect(await run(project, node, file)).toMatchObject({ code: 0, stdout: '' });
      }
    });

    installed('trains, and goes on after a kill as if there had been none', async () => {
      const sets = [
        'train.totalSteps=1024',
        'evaluation.everyUpdates=1000',
        'checkpoint.everyUpdates=2',
      ];
      const args = ['--kills', '1', '--seed', '3', ...sets.flatMap((set) => ['--set', set])];
      const { code, output } = await ask('verify-resume', 'parity.yaml', ...args);
      expect(output).not.toContain('Deprecation');
      expect(output).not.toContain('warning');
      expect(code, output).toBe(0);
    });
  });

  installed('says in a bundle what a bundler leaves behind', async () => {
    const program = `
      import { Box, train } from 'pondera';
      console.log('imported', typeof Box);
      const config = { name: 'x', env: { id: 'Parity-v0' }, backend: 'simd', train: { totalSteps: 64 } };
      train(config).catch((error) => console.log(error.message));`;
    await writeFile(join(project, 'bundled.js'), program);
    const esbuild = join(root, 'node_modules/.bin/esbuild');
    for (const [format, file] of [
      ['esm', 'out/bundle.mjs'],
      ['cjs', 'out/bundle.cjs'],
    ]) {
      const args = ['--bundle', '--platform=node', `--format=${format}`, `--outfile=${file}`];
      const banner =
        'import { createRequire as make } from "node:module"; const require = make(import.meta.url);';
      if (format === 'esm') args.push(`--banner:js=${banner}`);
      const made = await run(project, esbuild, 'bundled.js', ...args, '--log-level=error');
      expect(made).toMatchObject({ code: 0, output: '' });
      const { output } = await run(project, process.execPath, file);
      expect(output).toMatch(
        /^imported function\npondera: .*wasm is missing, .*--external:pondera/,
      );
    }
  });

  /** Runs a command that the packages bring, as npx does. */
  const bin = (name: string, ...args: string[]) =>
    run(project, join('node_modules/.bin', name), ...args);

  installed('brings the pondera command', async () => {
    const { code, output } = await run(project, 'npx', '--no-install', 'pondera', '--help');
    expect(output).toContain('Usage: pondera');
    expect(code).toBe(0);
  });

  installed('checks an environment written in TypeScript', async () => {
    const { code, output } = await bin('pondera', 'check-env', './my-env.ts');
    expect(output).toContain('problems: 0, warnings: 0');
    expect(code).toBe(0);
  });

  installed('trains on it and evaluates the run', async () => {
    const trained = await bin('pondera', 'train', 'larger.yaml');
    expect(trained.output).toContain('runs/larger/report.html');
    expect(trained.code, trained.output).toBe(0);
    const evaluated = await bin('pondera', 'eval', 'runs/larger', '--json');
    expect(evaluated.code, evaluated.output).toBe(0);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ episodes: 8, forcedDepth: [{}, {}] });
  });

  installed('shows the run on its live page', async () => {
    const args = ['node_modules/pondera/dist/agent/cli/main.js', 'page', '--port', '0', '--json'];
    const server = spawn(process.execPath, args, {
      cwd: project,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [chunk] = (await once(server.stdout, 'data')) as [Buffer];
      const { listening } = JSON.parse(chunk.toString());
      const paths = [
        '',
        'base.css',
        'uplot.css',
        'app/main.js',
        'app/uplot.js',
        'v1/evaluations?run=larger',
      ];
      for (const path of paths)
        expect([path, (await fetch(listening + path)).status]).toEqual([path, 200]);
    } finally {
      server.kill();
      await once(server, 'exit');
    }
  });

  installed("runs the README's first program", async () => {
    const brief = programs[0].replace('totalSteps: 60_000', 'totalSteps: 512');
    await writeFile(join(project, 'pointers.ts'), brief);
    const { code, output } = await bin('tsx', 'pointers.ts');
    expect(output).toMatch(/^pointers: [12], ponder steps: [12], reward: [01]$/m);
    expect(code, output).toBe(0);
  });

  installed("trains on the README's environment by its commands", async () => {
    const [environment] = programs[1].split('\nconst env = ');
    await writeFile(
      join(project, 'doors.ts'),
      `${environment}\nexport default () => new Doors();\n`,
    );
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const lines = readme.match(/^npx pondera .*doors\.ts.*$/gm)!;
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const [, name, ...args] = line.replace('totalSteps=60000', 'totalSteps=512').split(' ');
      const { code, output } = await bin(name, ...args);
      expect(code, output).toBe(0);
    }
  });

  installed('trains on its own example, where it is and as a copy', async () => {
    const examples = join(project, 'node_modules/pondera/examples');
    await cp(examples, join(project, 'examples'), { recursive: true });
    for (const folder of ['examples', 'node_modules/pondera/examples']) {
      const checked = await bin('pondera', 'check-env', `${folder}/custom-env.ts`);
      expect(checked.output).toContain('problems: 0, warnings: 0');
    }
    const brief = ['train.totalSteps=512', 'evaluation.episodes=16'];
    const sets = brief.flatMap((set) => ['--set', set]);
    const args = ['train', 'examples/custom-env.yaml', ...sets];
    const { code, output } = await bin('pondera', ...args);
    expect(code, output).toBe(0);
  });

  installed('names its packaged configs', async () => {
    const { output } = await bin('pondera', 'train', 'no-such-config');
    expect(output).toContain('k-hop');
  });
});
