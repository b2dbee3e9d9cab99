import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { RunError } from '../common/errors.ts';
import { EXIT } from '../common/exit-code.ts';
import { integer, jsonOption, setOption } from './command-options.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';

interface VerifyFlags {
  kills: number;
  seed?: number;
  runDir?: string;
  set?: string[];
  json?: boolean;
}

export function addVerifyResume(program: Command): void {
  program
    .command('verify-resume')
    .description(
      'kill a run repeatedly, resume it each time, and compare it with an uninterrupted run',
    )
    .argument('<config>', 'a YAML file, or the name of a packaged config')
    .option('--kills <n>', 'times to kill the run', integer(1), 5)
    .option('--seed <n>', 'seed of the moments at which to kill it', integer(0))
    .option(
      '--run-dir <dir>',
      'directory for both runs (default: a temporary one, which is removed where they do not differ)',
    )
    .addOption(setOption())
    .addOption(jsonOption('print the result as one JSON object'))
    .action(verifyCommand);
}

async function verifyCommand(config: string, flags: VerifyFlags): Promise<void> {
  const { verifyResume } = await import('../study/verify-resume.ts');
  const { kills, seed, set, json } = flags;
  const dir = flags.runDir ?? (await mkdtemp(join(tmpdir(), 'pondera-verify-')));
  const { signal, release } = interruptible(() => process.stderr.write('stopping\n'));
  try {
    const found = await verifyResume({
      config,
      kills,
      seed,
      set,
      dir,
      signal,
      command: [process.execPath, ...process.execArgv, process.argv[1]],
      on: (event) => {
        if (event.type === 'undisturbed') {
          const { updates, seconds } = event;
          process.stderr.write(
            `uninterrupted run: ${updates} updates in ${seconds.toFixed(1)} s\n`,
          );
        } else {
          const { kill, update, after, unfinished } = event;
          const half = unfinished ? ', with a checkpoint half written' : '';
          process.stderr.write(
            `kill ${kill} of ${kills}: after the ${after} at update ${update}${half}\n`,
          );
        }
      },
    });
    if (json) printJson(found);
    const { same, updates, unfinished, difference } = found;
    if (!same) {
      throw new RunError(
        `after ${kills} kills, the run differs from an uninterrupted one: ${difference} (in ${dir})`,
      );
    }
    // What a difference is looked for in stays; what shows none is of no use.
    if (flags.runDir === undefined) await rm(dir, { recursive: true });
    const half = `${unfinished} of them while a checkpoint was written`;
    if (!json) {
      print(`identical after ${kills} kills, ${half}, in ${updates} updates\n`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = EXIT.interrupted;
  } finally {
    release();
  }
}
