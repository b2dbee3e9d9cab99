import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Config } from '../config.ts';
import { RunExists, UsageError } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import { whole } from '../numbers.ts';
import { Progress } from '../progress.ts';
import { interruptible } from './interrupt.ts';
import { integer, jsonOption, printJson, setOption } from './options.ts';
import { evaluationText } from './table.ts';

interface TrainFlags {
  set?: string[];
  seed?: number;
  runDir?: string;
  resume?: boolean;
  overwrite?: boolean;
  json?: boolean;
}

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train an agent as a config says, and evaluate it')
    .argument(
      '[config]',
      'a YAML file, or the name of a packaged config; without one, the defaults where --set names an environment, else k-hop',
    )
    .addOption(setOption())
    .option('--seed <n>', 'the run’s seed (train.seed)', integer(0))
    .option('--run-dir <dir>', 'where the run’s files go (default: runs/<name>)')
    .option('--resume', 'go on where the run in that directory stopped')
    .addOption(
      new Option('--overwrite', 'replace the run in that directory, if it holds one').conflicts(
        'resume',
      ),
    )
    .addOption(jsonOption('print each event as a line of JSON, and nothing else'))
    .action(trainCommand);
}

async function trainCommand(path: string | undefined, flags: TrainFlags): Promise<void> {
  const config = await configFor(path, flags);
  const { train } = await import('../train.ts');
  const progress = new Progress(process.stderr);
  const { signal, release } = interruptible(() =>
    progress.note('finishing the update and saving; again to stop at once'),
  );
  const result = await train(config, {
    runDir: flags.runDir,
    resume: flags.resume,
    overwrite: flags.overwrite,
    signal,
    on: flags.json ? printJson : (event) => progress.show(event),
  })
    .catch((error) => {
      throw error instanceof RunExists ? inFlags(error) : error;
    })
    .finally(release);

  const { runDir, steps, evaluation, interrupted, restart } = result;
  if (interrupted) process.exitCode = restart ? EXIT.restart : EXIT.interrupted;
  if (flags.json) return;
  if (interrupted) {
    process.stderr.write(
      `stopped after ${whole(steps)} steps, saved in ${runDir}; go on with --resume\n`,
    );
    return;
  }
  if (evaluation) process.stdout.write(`\n${evaluationText(evaluation)}\n`);
  process.stdout.write(`\n${filesText(runDir)}\n`);
}

async function configFor(
  path: string | undefined,
  { set = [], seed }: TrainFlags,
): Promise<Config> {
  const { configFromSet, loadConfig } = await import('../load-config.ts');
  const { namesEnv, parseOverride } = await import('../overrides.ts');
  return path === undefined && set.some((text) => namesEnv(parseOverride(text)))
    ? configFromSet({ set, seed })
    : loadConfig(path ?? 'k-hop', { set, seed });
}

/** The refusal in the words of the command. */
function inFlags({ runDir }: RunExists): UsageError {
  return new UsageError(
    `${runDir} holds a run already: --resume goes on with it, --overwrite replaces it, ` +
      '--run-dir <dir> puts the new one elsewhere',
  );
}

function filesText(runDir: string): string {
  return [
    `report       ${join(runDir, 'report.html')}`,
    `metrics      ${join(runDir, 'metrics.jsonl')} (or: tensorboard --logdir ${runDir})`,
    `checkpoints  ${join(runDir, 'checkpoints')}`,
    `evaluate     pondera eval ${runDir}`,
  ].join('\n');
}
