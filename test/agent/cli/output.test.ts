import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { built } from '../../support/built.ts';

const module = JSON.stringify(built('src/agent/cli/output.ts'));

describe('keepOutput', () => {
  it('leaves standard output to the command, whoever prints', async () => {
    const program = `
      import { Worker } from 'node:worker_threads';
      import { jsonTo, keepOutput, print, printJson } from ${module};
      keepOutput();
      const much = '-'.repeat(2 ** 20);
      console.log(much);
      process.stdout.write('.');
      printJson({ a: 1 });
      const worker = new Worker(\`console.log('\${much}'); console.log('thread')\`, { eval: true });
      worker.once('exit', () => print('b\\n', () => jsonTo(3)({ c: 2 })));`;
    const args = ['--input-type=module', '-e', program];
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe'] as const;
    const child = spawn(process.execPath, args, { stdio: [...stdio] });
    const [, out, err, third] = child.stdio;
    const [stdout, stderr, reported] = await Promise.all(
      [out, err, third].map((stream) => text(stream as NodeJS.ReadableStream)),
    );
    expect({ stdout, reported }).toEqual({ stdout: '{"a":1}\nb\n', reported: '{"c":2}\n' });
    expect(stderr).toMatch(/^-{1048576}\n\.-{1048576}\nthread\n$/);
  });
});
