import type { Command } from 'commander';
import { eventLine } from '../event-line.ts';
import type { LoggedEvent } from '../events-log.ts';
import { whole } from '../numbers.ts';
import { interruptible } from './interrupt.ts';
import { jsonOption } from './options.ts';
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
    .description('print what happened in a run, from its events.jsonl')
    .argument('<run>', 'its name in the daemon’s folder, or a run directory')
    .addOption(dirOption())
    .option('--follow', 'and what is still to happen, until Ctrl-C')
    .addOption(jsonOption('print each event as a line of JSON'))
    .action(logsCommand);
}

async function logsCommand(run: string, { dir, follow, json }: LogsFlags): Promise<void> {
  const { findRun } = await import('../daemon/find-run.ts');
  const { tellEvents } = await import('../daemon/tell-events.ts');
  const show = (event: LoggedEvent) => {
    if (json) printJson(event);
    else print(`${event.time}  ${told(event)}\n`);
  };
  const { signal, release } = interruptible(() => {});
  await tellEvents(findRun(run, dir), show, follow ? signal : undefined).finally(release);
}

function told(event: LoggedEvent): string {
  switch (event.type) {
    case 'failed':
      return `failed: ${event.message}`;
    case 'finished':
      return `${event.interrupted ? 'stopped' : 'done'} after ${whole(event.steps)} steps`;
    case 'checkpointed':
      return `update ${event.update}: saved as ${event.path}`;
    default:
      return eventLine(event) ?? event.type;
  }
}
