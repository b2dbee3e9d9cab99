import type { Command } from 'commander';
import { jsonOption, setOption } from './command-options.ts';
import { print, printJson } from './output.ts';
import { dirOption } from './runs.ts';

interface SubmitFlags {
  dir: string;
  set?: string[];
  json?: boolean;
}

export function addSubmit(program: Command): void {
  program
    .command('submit')
    .description('add a config to a daemon’s folder; the daemon trains it when it has room')
    .argument('<config>', 'a YAML file, or the name of a packaged config')
    .addOption(setOption())
    .addOption(dirOption())
    .addOption(jsonOption('print the run’s name and its config’s file as one JSON object'))
    .action(submitCommand);
}

async function submitCommand(config: string, { dir, set, json }: SubmitFlags): Promise<void> {
  const { submit } = await import('../daemon/submit.ts');
  const { DaemonClient } = await import('../daemon/client.ts');
  const submitted = await submit(config, dir, { set });
  if (json) printJson(submitted);
  else print(`submitted ${submitted.name} as ${submitted.file}\n`);
  if (await DaemonClient.find(dir)) return;
  process.stderr.write(
    `no daemon runs in ${dir}; start one with pondera daemon ${dir} to train it\n`,
  );
}
