import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { print } from './output.ts';

interface ExportFlags {
  onnx: string;
  checkpoint?: 'best' | 'latest';
}

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write the policy of a run as graphs for another runtime')
    .argument('<run>', 'run directory')
    .requiredOption(
      '--onnx <folder>',
      'folder for encoder.onnx, step.onnx, heads.onnx, pondera.json',
    )
    .addOption(
      new Option(
        '--checkpoint <which>',
        'checkpoint to load (default: the best, or else the latest)',
      ).choices(['best', 'latest']),
    )
    .action(exportCommand);
}

async function exportCommand(run: string, { onnx, checkpoint }: ExportFlags): Promise<void> {
  const { Agent } = await import('../agent/agent.ts');
  const { exportOnnx } = await import('../export/export-onnx.ts');
  const { writeFileAtomic } = await import('../run/index.ts');
  const agent = await Agent.load(run, { checkpoint });
  try {
    const files = await exportOnnx(agent);
    await mkdir(onnx, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await writeFileAtomic(join(onnx, name), content);
    }
    print(`${onnx}: ${Object.keys(files).join(', ')}\n`);
  } finally {
    agent.dispose();
  }
}
