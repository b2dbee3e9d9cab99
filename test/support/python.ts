import { spawnSync } from 'node:child_process';

/** The interpreter that tests compare with. */
export const interpreter = process.env.PONDERA_PYTHON || 'python3';

/** Whether Python can import the modules; says which tests are skipped where it cannot. */
export function pythonHas(modules: string, tests: string): boolean {
  const { status } = spawnSync(interpreter, ['-c', `import ${modules}`]);
  if (status !== 0) console.log(`skipped: ${tests}: ${interpreter} cannot import ${modules}`);
  return status === 0;
}

/** Runs a Python program and parses the JSON that it prints. */
export function python(program: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(interpreter, ['-c', program, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${interpreter} failed:\n${stderr}`);
  return JSON.parse(stdout);
}
