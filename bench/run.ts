/**
 * `npm run bench [-- --only CASE,… --json FILE]`: every case checks its results, then times them.
 * Prints Markdown: the tables of bench/results.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { loadBackend } from '../src/kernels/index.ts';
import { type AnyResult, type CaseName, FIGURES, type Result } from './case.ts';
import { cartpole } from './cases/cartpole.ts';
import { cfr } from './cases/cfr.ts';
import { convolution } from './cases/convolution.ts';
import { decision } from './cases/decision.ts';
import { matMul } from './cases/mat-mul.ts';
import { mcts } from './cases/mcts.ts';
import { memory } from './cases/memory.ts';
import { pictures } from './cases/pictures.ts';
import { ragged } from './cases/ragged.ts';
import { remote } from './cases/remote.ts';
import { rollout } from './cases/rollout.ts';
import { text } from './cases/text.ts';
import { trainStep } from './cases/train-step.ts';
import { markdown } from './markdown.ts';

const CASES: { [Name in CaseName]: () => Promise<Result<Name>> } = {
  matmul: matMul,
  convolution,
  trainStep,
  memory,
  text,
  ragged,
  decision,
  cartpole,
  pictures,
  rollout,
  remote,
  cfr,
  mcts,
};

const { only, json } = options();
const machine = await describeMachine();
const results: AnyResult[] = [];
for (const name of only) {
  process.stderr.write(`${name} …\n`);
  results.push(await CASES[name]());
}
process.stdout.write(`${markdown(machine, results)}\n`);
if (json !== undefined) {
  const measured: Record<string, number | null> = Object.assign(
    {},
    ...results.map(({ figures }) => figures),
  );
  const figures = Object.values(FIGURES)
    .flat()
    .map((name) => [name, measured[name] ?? null]);
  writeFileSync(json, `${JSON.stringify(Object.fromEntries(figures), null, 2)}\n`);
}

function options(): { only: CaseName[]; json?: string } {
  const known = Object.keys(CASES) as CaseName[];
  try {
    const { only, json } = parseArgs({
      options: { only: { type: 'string' }, json: { type: 'string' } },
    }).values;
    const chosen = only?.split(',') ?? known;
    const stranger = chosen.find((name) => !known.includes(name as CaseName));
    if (stranger !== undefined) {
      throw new RangeError(`--only: expected ${known.join(', ')}, got ${JSON.stringify(stranger)}`);
    }
    return { only: chosen as CaseName[], json };
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    process.exit(2);
  }
}

async function describeMachine(): Promise<string[]> {
  const load = loadavg()[0];
  const { build } = await loadBackend('simd');
  const { version, dependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  const share =
    load < 0.5 ? 'otherwise idle' : `shared: load ${load.toFixed(1)} as it began, read with care`;
  return [
    `${new Date().toISOString().slice(0, 10)}: \`${command()}\``,
    `Pondera ${version}, build ${build}; Node ${process.version}; tfjs ${dependencies['@tensorflow/tfjs-core']}`,
    `${cpus().length} × ${cpus()[0].model}, ${share}`,
    'medians of interleaved rounds, each contender in a process of its own, one at a time',
  ];
}

function command(): string {
  const args = process.argv.slice(2).map((arg) => ` ${arg}`);
  return `npm run bench${args.length > 0 ? ` --${args.join('')}` : ''}`;
}
