import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { CheckReport, EnvFactory } from '../../envs/index.ts';
import { UsageError } from '../common/errors.ts';
import { endpoint } from '../config/env-source.ts';
import { jsonOption } from './command-options.ts';
import { print, printJson } from './output.ts';
import { tokenFrom } from './server-options.ts';

export function addCheckEnv(program: Command): void {
  program
    .command('check-env')
    .description('check an environment against its contract, and say how to fix each problem')
    .argument(
      '<env>',
      'a module whose default export makes one, the id of a built-in one, or a server (ws://…)',
    )
    .option('--token-env <variable>', 'environment variable that holds the server’s token')
    .addOption(jsonOption('print the report as one JSON object'))
    .action(checkEnvCommand);
}

interface CheckFlags {
  tokenEnv?: string;
  json?: boolean;
}

async function checkEnvCommand(name: string, { tokenEnv, json }: CheckFlags): Promise<void> {
  const envs = await import('../../envs/index.ts');
  const { checkEnv, checkServer, envIds, formatReport, formatServerReport } = envs;
  const { loadEnvFactory, makeEnv } = envs;
  const { withTrainable } = await import('./check-trainable.ts');
  const show = <T extends CheckReport>(checked: T, format: (report: T) => string) => {
    const report = withTrainable(checked);
    if (json) printJson(report);
    else print(`${format(report)}\n`);
    if (!report.ok) process.exitCode = 1;
  };
  if (/^wss?:/.test(name)) {
    const token = tokenFrom(tokenEnv);
    return show(await checkServer(endpoint(name), { token }), formatServerReport);
  }
  let factory: EnvFactory;
  if (envIds().includes(name)) factory = (options) => makeEnv(name, options);
  else if (existsSync(name)) factory = await loadEnvFactory(name, process.cwd());
  else {
    throw new UsageError(
      `${name}: expected the file of a module, the address of a server (ws://…) or the id of a ` +
        `built-in environment (${envIds().join(', ')}), found none`,
    );
  }
  show(await checkEnv(factory), formatReport);
}
