import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { RunExistsError, UsageError } from '../common/errors.ts';
import { EXIT } from '../common/exit-code.ts';
import { whole } from '../common/numbers.ts';
import type { Config } from '../config/config.ts';
import { lossesText } from '../events/event-line.ts';
import type { PrintedEvent, TrainEvent } from '../events/events.ts';
import { Progress } from '../events/progress.ts';
import { integer, jsonOption, setOption } from './command-options.ts';
import { InterruptedError, interruptible } from './interrupt.ts';
import { jsonTo, print, printJson } from './output.ts';
import { onStray } from './strays.ts';
import { evaluationText } from './table.ts';

interface TrainFlags {
  set?: string[];
  seed?: number;
  runDir?: string;
  resume?: boolean;
  overwrite?: boolean;
  json?: boolean;
  jsonFd?: number;
}

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train an agent from a config, and evaluate it')
    .argument(
      '[config]',
      'a YAML file, or the name of a packaged config (default: the default settings if --set names an environment, else k-hop)',
    )
    .addOption(setOption())
    .option('--seed <n>', 'seed of the run (train.seed)', integer(0))
    .option('--run-dir <dir>', 'directory for the run’s files (default: runs/<name>)')
    .option('--resume', 'continue the run in that directory')
    .addOption(
      new Option('--overwrite', 'replace the run in that directory, if there is one').conflicts(
        'resume',
      ),
    )
    .addOption(jsonOption('print each event as a line of JSON, and nothing else'))
    .option('--json-fd <n>', 'as --json, but to this file descriptor instead of stdout', integer(3))
    .action(trainCommand);
}

async function trainCommand(path: string | undefined, flags: TrainFlags): Promise<void> {
  const { json, jsonFd } = flags;
  const emit = jsonFd !== undefined ? jsonTo(jsonFd) : json ? printJson : undefined;
  try {
    await trainAndReport(path, flags, emit);
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    emit?.({ type: 'failed', message: (error as Error).message } satisfies PrintedEvent);
    throw error;
  }
}

async function trainAndReport(
  path: string | undefined,
  flags: TrainFlags,
  emit?: (event: TrainEvent) => void,
): Promise<void> {
  const progress = new Progress(process.stderr);
  const { signal, abort, release } = interruptible(() =>
    progress.note('finishing the update and saving; interrupt again to stop at once'),
  );
  const settle = onStray(abort);
  const config = await configFor(path, flags);
  const { train } = await import('../train/train.ts');
  signal.throwIfAborted();
  const result = await train(config, {
    runDir: flags.runDir,
    resume: flags.resume,
    overwrite: flags.overwrite,
    signal,
    on: emit ?? ((event) => progress.show(event)),
  })
    .catch((error) => {
      throw error instanceof RunExistsError ? inFlags(error) : error;
    })
    .finally(() => {
      settle();
      release();
    });

  const { runDir, envSteps, evaluation, interrupted, restart } = result;
  if (interrupted) process.exitCode = restart ? EXIT.restart : EXIT.interrupted;
  if (emit) return;
  if (interrupted) {
    process.stderr.write(
      `stopped after ${whole(envSteps)} environment steps, saved in ${runDir}; continue with --resume\n`,
    );
    return;
  }
  if (evaluation) print(`\n${evaluationText(evaluation)}\n`);
  const losses = lossesText(result);
  if (losses !== undefined) print(`\n${losses}\n`);
  print(`\n${filesText(runDir)}\n`);
}

async function configFor(
  path: string | undefined,
  { set = [], seed }: TrainFlags,
): Promise<Config> {
  const { configFromSet, loadConfig } = await import('../config/load-config.ts');
  const { namesEnv, parseOverride } = await import('../config/overrides.ts');
  return path === undefined && set.some((text) => namesEnv(parseOverride(text)))
    ? configFromSet({ set, seed })
    : loadConfig(path ?? 'k-hop', { set, seed });
}

/** The refusal in the words of the command. */
function inFlags({ runDir }: RunExistsError): UsageError {
  return new UsageError(
    `${runDir} already holds a run: --resume continues it, --overwrite replaces it, ` +
      '--run-dir <dir> puts the new run elsewhere',
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
