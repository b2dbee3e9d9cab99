import type { Command } from 'commander';
import { RunError } from '../common/errors.ts';
import type { Control } from '../page/server/page-messages.ts';
import { dirOption } from './runs.ts';

const commands: Record<Control, string> = {
  pause: 'save a run and pause it until it is resumed',
  resume: 'queue a run again that was paused, stopped or made longer, or that failed',
  stop: 'save a run and end it; it can be resumed',
  restart: 'save a run and start it again with its current config',
};

/** The commands that a daemon is told by. */
export function addControl(program: Command): void {
  for (const [action, description] of Object.entries(commands)) {
    program
      .command(action)
      .description(description)
      .argument('<run>', 'name of the run')
      .addOption(dirOption())
      .action((run: string, { dir }: { dir: string }) => control(dir, run, action as Control));
  }
}

async function control(dir: string, run: string, action: Control): Promise<void> {
  const { DaemonClient } = await import('../daemon/client.ts');
  const daemon = await DaemonClient.find(dir);
  if (!daemon) throw new RunError(`no daemon runs in ${dir}: start one with pondera daemon ${dir}`);
  await daemon.control(run, action);
}
