import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { EnvFactory } from '../../envs/index.ts';
import { UsageError } from '../errors.ts';

export function addCheckEnv(program: Command): void {
  program
    .command('check-env')
    .description('hold an environment against its contract and say how to mend what is broken')
    .argument('<module>', 'a module whose default export makes one, or a built-in’s id')
    .action(checkEnvCommand);
}

async function checkEnvCommand(name: string): Promise<void> {
  const { checkEnv, envIds, formatReport, loadEnvFactory, makeEnv } = await import(
    '../../envs/index.ts'
  );
  let factory: EnvFactory;
  if (envIds().includes(name)) factory = (options) => makeEnv(name, options);
  else if (existsSync(name)) factory = await loadEnvFactory(name, process.cwd());
  else {
    throw new UsageError(
      `${name}: expected the file of a module or the id of a built-in environment ` +
        `(${envIds().join(', ')}), found neither`,
    );
  }
  const report = await checkEnv(factory);
  process.stdout.write(`${formatReport(report)}\n`);
  if (!report.ok) process.exitCode = 1;
}
