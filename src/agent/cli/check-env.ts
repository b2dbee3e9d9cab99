import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { CheckReport, EnvFactory } from '../../envs/index.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { endpoint } from '../config/env-source.ts';
import { summariesText } from '../events/event-line.ts';
import { jsonOption, setOption } from './command-options.ts';
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
    .addOption(setOption())
    .option('--token-env <variable>', 'environment variable that holds the server’s token')
    .addOption(jsonOption('print the report as one JSON object'))
    .action(checkEnvCommand);
}

interface CheckFlags {
  set?: string[];
  tokenEnv?: string;
  json?: boolean;
}

async function checkEnvCommand(
  name: string,
  { set = [], tokenEnv, json }: CheckFlags,
): Promise<void> {
  const envs = await import('../../envs/index.ts');
  const { checkEnv, checkServer, envIds, formatReport, formatServerReport } = envs;
  const { loadEnvFactory, makeEnv } = envs;
  const { tried, withTrainable } = await import('./check-trainable.ts');
  const config = await configFor(set);
  const show = async <T extends CheckReport>(checked: T, format: (report: T) => string) => {
    const report = await tried(withTrainable(checked), config);
    if (json) printJson(report);
    else print(`${format(report)}${summariesText(report.summaries)}\n`);
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
  await show(await checkEnv(() => factory(config.env.options)), formatReport);
}

/** The config of `train` with these settings. @throws UsageError for a setting that the check does not heed */
async function configFor(set: readonly string[]): Promise<Config> {
  const { configFromSet } = await import('../config/load-config.ts');
  const { parseOverride } = await import('../config/overrides.ts');
  for (const { text, path } of set.map(parseOverride)) {
    if (path[0] === 'policy' || (path[0] === 'env' && path[1] === 'options')) continue;
    throw new UsageError(`--set ${text}: expected a setting of env.options or policy`);
  }
  return configFromSet({ set: ['name=check-env', 'train.totalSteps=1', ...set] });
}
