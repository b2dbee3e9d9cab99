/**
 * `tsx bench/load/serve.ts [--seconds s] [--clients n,…] [--memory n] [--json] [--profile dir]`: a policy server under load, in a process
 * of its own; its clients in another. Every answer is checked to be that of its observation; with a memory, none to be missing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makePolicyRun } from './policy-run.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    clients: { type: 'string', default: '64,1000' },
    /** Entries of the policy's memory. */
    memory: { type: 'string', default: '0' },
    /** A directory for CPU profiles of both processes. */
    profile: { type: 'string' },
    json: { type: 'boolean' },
  },
});

const { memory } = values;
const run = await makePolicyRun(Number(memory));
for (const clients of values.clients.split(',')) {
  const server = program('../../src/agent/cli/main.ts', ['serve', run, '--port=0', '--json']);
  const { listening: url } = await line(server);
  const flags = { run, url, clients, memory, seconds: values.seconds };
  const load = program(
    'policy-clients.ts',
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
  );
  const found = await line(load);
  server.kill('SIGTERM');
  await once(server, 'exit');
  if (values.json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else process.stdout.write(`${table(found as Record<string, number>)}\n`);
}

function program(script: string, args: string[]): ChildProcess {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const profile = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  const command = [...process.execArgv, ...profile, file, ...args];
  return spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The first line that a program prints, as JSON. @throws Error where it ends without one */
async function line(child: ChildProcess): Promise<Record<string, unknown>> {
  for await (const text of createInterface({ input: child.stdout! })) return JSON.parse(text);
  throw new Error(`bench: ${child.spawnargs.join(' ')} ended without a word`);
}

function table(found: Record<string, number>): string {
  return Object.entries(found)
    .map(([name, value]) => `${name.padEnd(20)}${Number(value.toFixed(2))}`)
    .join('\n');
}
