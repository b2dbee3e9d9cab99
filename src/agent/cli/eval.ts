import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import { interruptible } from './interrupt.ts';
import {
  addSampleOptions,
  deterministic,
  exitOption,
  integer,
  jsonOption,
  setOption,
} from './options.ts';
import { print, printJson } from './output.ts';
import { evaluationText } from './table.ts';
import { warnOfFailure } from './warn-of-failure.ts';

interface EvalFlags {
  episodes?: number;
  seed?: number;
  exit?: 'sample' | 'threshold' | 'cdf';
  sample?: boolean;
  halting?: 'bernoulli' | 'fixed' | 'random' | 'converge';
  steps?: number;
  maxSteps?: number;
  set?: string[];
  json?: boolean;
}

export function addEval(program: Command): void {
  const command = program
    .command('eval')
    .description('evaluate the best checkpoint of a run')
    .argument('<run>', 'the directory of a run')
    .option('--episodes <n>', 'episodes to play', integer(1))
    .option(
      '--seed <n>',
      'seed of the environments, and of exits and actions that are drawn',
      integer(0),
    )
    .addOption(exitOption());
  addSampleOptions(command)
    .addOption(
      new Option('--halting <rule>', 'halt by another rule than the one trained').choices([
        'bernoulli',
        'fixed',
        'random',
        'converge',
      ]),
    )
    .option('--steps <n>', 'ponder steps of --halting fixed', integer(1))
    .option('--max-steps <n>', 'ponder steps after which acting is forced', integer(1))
    .addOption(setOption())
    .addOption(jsonOption('print the evaluation as one JSON object'))
    .action(evalCommand);
}

async function evalCommand(run: string, flags: EvalFlags): Promise<void> {
  if (flags.steps !== undefined && flags.halting !== 'fixed') {
    throw new UsageError('--steps: expected together with --halting fixed');
  }
  const { Agent } = await import('../agent.ts');
  const { evaluate } = await import('../evaluate.ts');
  const { signal, release } = interruptible(() => process.stderr.write('stopping\n'));
  const agent = await Agent.load(run, { set: flags.set });
  try {
    const { episodes, seed, exit, halting, steps, maxSteps } = flags;
    const survive = { failures: agent.config.guards.envFailures, told: warnOfFailure };
    const rules = { exit, deterministic: deterministic(flags), halting, steps, maxSteps };
    const options = { episodes, seed, ...rules, signal, survive };
    const evaluation = await evaluate(agent, options);
    if (flags.json) printJson(evaluation);
    else print(`${evaluationText(evaluation)}\n`);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = EXIT.interrupted;
  } finally {
    release();
    agent.dispose();
  }
}
