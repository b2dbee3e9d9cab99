import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { UsageError } from '../common/errors.ts';
import { EXIT } from '../common/exit-code.ts';
import { counted, whole } from '../common/numbers.ts';
import {
  addSampleOptions,
  deterministic,
  integer,
  maxStepsOption,
  setOption,
} from './command-options.ts';
import { addExitOptions, type ExitFlags, exitFlag } from './exit-options.ts';
import { interruptible } from './interrupt.ts';
import { print } from './output.ts';
import { warnOfFailure } from './warn-of-failure.ts';

interface RecordFlags extends ExitFlags {
  episodes: number;
  seed: number;
  checkpoint?: 'best' | 'latest';
  sample?: boolean;
  maxSteps?: number;
  set?: string[];
  out?: string;
  stdout?: boolean;
}

export function addRecord(program: Command): void {
  const command = program
    .command('record')
    .description('play episodes and record what the policy sees, thinks and does')
    .argument('<run>', 'run directory')
    .option('--episodes <n>', 'episodes to play', integer(1), 1)
    .option(
      '--seed <n>',
      'seed of the environment; the same seed plays the same episodes',
      integer(0),
      0,
    )
    .addOption(
      new Option(
        '--checkpoint <which>',
        'checkpoint to load (default: the best, or else the latest)',
      ).choices(['best', 'latest']),
    );
  addSampleOptions(addExitOptions(command))
    .addOption(maxStepsOption())
    .addOption(setOption())
    .option('--out <file>', 'file to write (default: a new one in recordings/ of the run)')
    .option('--stdout', 'write the lines to standard output as they come, and no file')
    .action(recordCommand);
}

async function recordCommand(run: string, flags: RecordFlags): Promise<void> {
  const { episodes, seed, checkpoint, maxSteps, set, out, stdout } = flags;
  const exit = exitFlag(flags);
  if (stdout && out !== undefined)
    throw new UsageError('--out: not allowed together with --stdout');
  const { Agent } = await import('../agent/agent.ts');
  const { envSource } = await import('../config/env-source.ts');
  const { record } = await import('../recording/index.ts');
  const { unusedPath, writeFileAtomic } = await import('../run/index.ts');
  const { signal, release } = interruptible(() =>
    process.stderr.write(
      'ending the recording after this decision; interrupt again to stop at once\n',
    ),
  );
  const agent = await Agent.load(run, { checkpoint, set });
  try {
    const source = await envSource(agent.config, process.cwd());
    const lines: string[] = [];
    const write = (line: string) => void (stdout ? print(line) : lines.push(line));
    const rules = { exit, deterministic: deterministic(flags), maxSteps };
    const options = { episodes, seed, ...rules, signal, onFailure: warnOfFailure };
    const recorded = await record(agent, source, options, write);
    const { episodes: played, decisions, full, cut, undrawn } = recorded;
    if (signal.aborted) process.exitCode = EXIT.interrupted;
    if (full) process.stderr.write('stopped: a recording holds no more than 32 MiB\n');
    if (undrawn !== undefined) process.stderr.write(`warning: drawings are missing: ${undrawn}\n`);
    if (cut > 0) {
      const { maxEpisodeSteps } = agent.config.evaluation;
      process.stderr.write(
        `truncated ${counted(cut, 'episode')} after ${whole(maxEpisodeSteps)} environment steps (evaluation.maxEpisodeSteps)\n`,
      );
    }
    if (stdout) return;
    const name = `step-${agent.version}-seed-${seed}`;
    const file = out ?? unusedPath(join(run, 'recordings'), name, '.jsonl');
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, lines.join(''));
    print(`${counted(played, 'episode')}, ${counted(decisions, 'decision')}: ${file}\n`);
  } finally {
    release();
    agent.dispose();
  }
}
