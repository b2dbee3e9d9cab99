import type { Command } from 'commander';
import { whole } from '../common/numbers.ts';
import { eventLine } from '../events/event-line.ts';
import type { LoggedEvent } from '../events/events-log.ts';
import { jsonOption } from './command-options.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';
import { dirOption } from './runs.ts';

interface LogsFlags {
  dir: string;
  follow?: boolean;
  json?: boolean;
}

export function addLogs(program: Command): void {
  program
    .command('logs')
    .description('print the events of a run, from its events.jsonl')
    .argument('<run>', 'name of a run in the daemon’s folder, or a run directory')
    .addOption(dirOption())
    .option('--follow', 'keep printing new events until Ctrl-C')
    .addOption(jsonOption('print each event as a line of JSON'))
    .action(logsCommand);
}

async function logsCommand(run: string, { dir, follow, json }: LogsFlags): Promise<void> {
  const { findRun } = await import('../daemon/find-run.ts');
  const { followEvents } = await import('../daemon/follow-events.ts');
  const show = (event: LoggedEvent) => {
    if (json) printJson(event);
    else print(`${event.time}  ${describe(event)}\n`);
  };
  const { signal, release } = interruptible(() => {});
  await followEvents(findRun(run, dir), show, follow ? signal : undefined).finally(release);
}

function describe(event: LoggedEvent): string {
  switch (event.type) {
    case 'failed':
      return `failed: ${event.message}`;
    case 'finished':
      return `${event.interrupted ? 'stopped' : 'done'} after ${whole(event.envSteps)} environment steps`;
    case 'checkpointed':
      return `update ${event.update}: saved as ${event.path}`;
    default:
      return eventLine(event) ?? event.type;
  }
}
