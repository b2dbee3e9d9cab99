import { spawnSync } from 'node:child_process';

/** Whether `python3` can import the modules; says which tests are skipped where it cannot. */
export function pythonHas(modules: string, tests: string): boolean {
  const { status } = spawnSync('python3', ['-c', `import ${modules}`]);
  if (status !== 0) console.log(`skipped: ${tests}: python3 cannot import ${modules}`);
  return status === 0;
}

/** Runs a Python program and parses the JSON that it prints. */
export function python(program: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`python3 failed:\n${stderr}`);
  return JSON.parse(stdout);
}
