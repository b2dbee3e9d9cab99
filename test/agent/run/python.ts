import { spawnSync } from 'node:child_process';

/** `PONDERA_PYTHON` names another Python than the path's. */
export const PYTHON = process.env.PONDERA_PYTHON || 'python3';

/** Whether Python can import the modules; says which tests are skipped where it cannot. */
export function pythonHas(modules: string, tests: string): boolean {
  const { status } = spawnSync(PYTHON, ['-c', `import ${modules}`]);
  if (status !== 0) console.log(`skipped: ${tests}: ${PYTHON} cannot import ${modules}`);
  return status === 0;
}

/** Runs a Python program and parses the JSON that it prints. */
export function python(program: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', program, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${PYTHON} failed:\n${stderr}`);
  return JSON.parse(stdout);
}
