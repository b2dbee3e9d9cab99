import type { Command } from 'commander';
import { untilAborted } from '../../envs/common/index.ts';
import { jsonOption } from './command-options.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';
import { addServerOptions, type ServerFlags, serverOptions } from './server-options.ts';

export function addPage(program: Command): void {
  const command = program
    .command('page')
    .description('show the runs in a folder live in a browser')
    .argument('[folder]', 'folder of run directories', 'runs');
  addServerOptions(command, 8767)
    .addOption(jsonOption('print the address as one JSON object'))
    .action(pageCommand);
}

async function pageCommand(folder: string, flags: ServerFlags & { json?: boolean }): Promise<void> {
  const options = await serverOptions(flags);
  const { servePage } = await import('../page/server/serve-page.ts');
  const { signal, release } = interruptible(() => {});
  try {
    const onFault = (error: unknown) =>
      process.stderr.write(`fault: ${(error as Error).stack ?? error}\n`);
    const serving = servePage(folder, { ...options, onFault });
    const { url, close } = await untilAborted(signal, serving, (late) => late.close());
    if (flags.json) printJson({ listening: url });
    else print(`${folder} is shown at ${url}\n`);
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    await close();
  } finally {
    release();
  }
}
