import type { Command } from 'commander';
import { EXIT } from '../common/exit-code.ts';
import { decimal } from '../common/numbers.ts';
import { eventLine } from '../events/event-line.ts';
import { statusText } from '../events/progress.ts';
import { StatusLine } from '../events/status-line.ts';
import { exitBaselines, splitList } from '../study/baseline.ts';
import type { StudyEvent } from '../study/study.ts';
import { integer, jsonOption, setOption } from './command-options.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';
import { table } from './table.ts';

interface StudyFlags {
  seeds: number;
  against: string[];
  set?: string[];
  runDir?: string;
  jobs: number;
  json?: boolean;
}

export function addStudy(program: Command): void {
  program
    .command('study')
    .description('train and evaluate several seeds and their baselines, and print a table')
    .argument('<config>', 'a YAML file, or the name of a packaged config')
    .requiredOption('--seeds <n>', 'number of seeds, counted up from train.seed', integer(1))
    .option(
      '--against <list>',
      'baselines, separated by commas: fixed:<steps> or path=value (joined by +) train from scratch; ' +
        `an exit (${exitBaselines()}) ends the learned thoughts in another way; decider=<name> (with its settings, joined by +) decides by the learned weights`,
      splitList,
      [],
    )
    .addOption(setOption())
    .option('--run-dir <dir>', 'directory for all runs of the study (default: runs/<name>-study)')
    .option('--jobs <n>', 'runs to train at the same time', integer(1), 1)
    .addOption(jsonOption('print the study as one JSON object'))
    .action(studyCommand);
}

async function studyCommand(path: string, flags: StudyFlags): Promise<void> {
  const { loadConfig } = await import('../config/load-config.ts');
  const config = await loadConfig(path, { set: flags.set });
  const { study } = await import('../study/study.ts');
  const { collapseText, studyTables } = await import('../study/study-tables.ts');
  const line = new StatusLine(process.stderr);
  const { signal, release } = interruptible(() =>
    line.note(
      'saving the runs in training; the same command continues them later; interrupt again to stop at once',
    ),
  );
  const { seeds, against, runDir, jobs } = flags;
  try {
    const on = studyProgress(line);
    const result = await study(config, { seeds, against, runDir, jobs, signal, on });
    if (flags.json) return printJson(result);
    for (const { title, titles, rows } of studyTables(result)) {
      print(`\n${title}\n\n${table(titles, rows)}\n`);
    }
    print(`\n${collapseText(result)}\n`);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = EXIT.interrupted;
  } finally {
    line.draw('');
    release();
  }
}

/** Lines for what a study finishes, over the status of one of the runs in training. */
function studyProgress(line: StatusLine): (event: StudyEvent) => void {
  return (event) => {
    if (event.type === 'training') {
      const who = `${event.policy}, seed ${event.seed}`;
      if (event.event.type === 'updated') {
        const { metrics, totalSteps } = event.event;
        line.draw(`${who}: ${statusText(metrics, totalSteps)}`.slice(0, line.columns - 1));
      } else {
        const text = eventLine(event.event);
        if (text) line.note(`${who}: ${text}`);
      }
    } else if (event.type === 'trained') {
      line.note(`${event.policy}, seed ${event.seed}: trained (${event.done} of ${event.runs})`);
    } else {
      const { policy, seed, evaluation } = event.row;
      const { successRate, nats } = evaluation;
      line.note(
        `${policy}, seed ${seed}: success ${decimal(successRate)}, ` +
          `return ${decimal(evaluation.return.mean)}, ${nats === undefined ? '' : `nats ${decimal(nats)}, `}` +
          `ponder steps ${decimal(evaluation.ponderSteps.mean, 2)}`,
      );
    }
  };
}
