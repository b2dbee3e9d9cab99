import { type Command, Option } from 'commander';
import { exits } from '../../policy/index.ts';
import { EXIT } from '../common/exit-code.ts';
import {
  addSampleOptions,
  deterministic,
  integer,
  jsonOption,
  maxStepsOption,
  setOption,
} from './command-options.ts';
import { addExitOptions, type ExitFlags, exitFlag } from './exit-options.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';
import { evaluationText } from './table.ts';
import { warnOfFailure } from './warn-of-failure.ts';

interface EvalFlags extends ExitFlags {
  episodes?: number;
  seed?: number;
  sample?: boolean;
  halting?: string;
  maxSteps?: number;
  deadlineMs?: number;
  set?: string[];
  json?: boolean;
}

export function addEval(program: Command): void {
  const command = program
    .command('eval')
    .description('evaluate the best checkpoint of a run')
    .argument('<run>', 'run directory')
    .option('--episodes <n>', 'episodes to play (default: evaluation.episodes)', integer(1))
    .option(
      '--seed <n>',
      'seed of the environments, and of random exits and actions (default: train.seed + 1000000)',
      integer(0),
    );
  addSampleOptions(addExitOptions(command))
    .addOption(
      new Option('--halting <rule>', 'old name of --exit')
        .choices(['bernoulli', ...exits.names])
        .hideHelp(),
    )
    .addOption(maxStepsOption())
    .option(
      '--deadline-ms <ms>',
      'longest time for a decision, which then is the best of what is there (default: no limit)',
      integer(1),
    )
    .addOption(setOption())
    .addOption(jsonOption('print the evaluation as one JSON object'))
    .action(evalCommand);
}

async function evalCommand(run: string, flags: EvalFlags): Promise<void> {
  const exit = exitFlag(withHalting(flags));
  const { Agent } = await import('../agent/agent.ts');
  const { measure } = await import('../evaluate/evaluate.ts');
  const { signal, release } = interruptible(() => process.stderr.write('stopping\n'));
  const agent = await Agent.load(run, { set: flags.set });
  try {
    const { episodes, seed, maxSteps, deadlineMs } = flags;
    const tolerance = { maxFailures: agent.config.guards.envFailures, onFailure: warnOfFailure };
    const rules = { exit, deterministic: deterministic(flags), maxSteps, deadlineMs };
    const options = { episodes, seed, ...rules, signal, tolerance };
    const { evaluation: measured, milliseconds } = await measure(agent, options);
    const timing = { millisecondsPerEpisode: milliseconds / measured.episodes };
    const evaluation = { ...measured, timing };
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

/** `--halting` was another option than `--exit`; `bernoulli` was the learned head, by whatever exit. */
function withHalting({ halting, ...flags }: EvalFlags): EvalFlags {
  if (halting === undefined) return flags;
  const exit = halting === 'bernoulli' ? (flags.exit ?? 'cdf') : halting;
  process.stderr.write(`warning: --halting ${halting} is now called --exit ${exit}\n`);
  return { ...flags, exit };
}
