import type { Command } from 'commander';
import { UsageError } from '../common/errors.ts';
import { EXIT } from '../common/exit-code.ts';
import { interruptible } from './interrupt.ts';
import { print } from './output.ts';

export function addTensorflow(program: Command): void {
  program
    .command('tensorflow')
    .description('manage the backend tensorflow, which is installed separately')
    .command('install')
    .description(
      'download TensorFlow’s library from PyPI and build its addon for Node.js in node_modules (Linux x64)',
    )
    .option('--cuda', 'install for NVIDIA GPUs, with CUDA 12 and its libraries; otherwise for CPUs')
    .action(installCommand);
}

async function installCommand({ cuda = false }: { cuda?: boolean }): Promise<void> {
  const { installTensorflow, MissingRequirementError } = await import('../../kernels/index.ts');
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const { signal, release } = interruptible(() => {});
  try {
    const { folder, tensorflow, already } = await installTensorflow({
      variant: cuda ? 'cuda' : 'cpu',
      signal,
      shown: process.stdout.isTTY,
      log,
    });
    print(
      `TensorFlow ${tensorflow} ${already ? 'was already' : 'is'} in ${folder}\n` +
        'train on it with: --set backend=tensorflow\n',
    );
  } catch (error) {
    if (signal.aborted) {
      log('interrupted: nothing was installed');
      process.exitCode = EXIT.interrupted;
    } else if (error instanceof MissingRequirementError) throw new UsageError(error.message);
    else throw error;
  } finally {
    release();
  }
}
