import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Download } from './downloads.ts';
import { MissingRequirementError } from './machine.ts';
import { CommandError, type RunOptions, run } from './run-command.ts';

/** pip downloads the wheels for this Python; the libraries in them need no Python. */
const PYTHON = ['--python-version', '3.12', '--implementation', 'cp'];
const PLATFORMS = ['manylinux_2_27_x86_64', 'manylinux2014_x86_64', 'manylinux2010_x86_64'];

/** Downloads packages of npm, and checks them. @throws MissingRequirementError where they cannot be had */
export async function fetchPackages(
  packages: readonly Download[],
  to: string,
  options: RunOptions,
): Promise<void> {
  const names = packages.map(({ name, version }) => `${name}@${version}`);
  await download('npm', ['pack', '--silent', '--pack-destination', to, ...names], options);
  for (const each of packages) await verify(each, to);
}

/** Downloads wheels of PyPI, and checks them. @throws MissingRequirementError where they cannot be had */
export async function fetchWheels(
  wheels: readonly Download[],
  to: string,
  options: RunOptions,
): Promise<void> {
  const temporary = join(to, 'pip');
  await mkdir(temporary, { recursive: true });
  const args = ['-m', 'pip', 'download', '--disable-pip-version-check', '--no-cache-dir'];
  args.push('--no-deps', '--only-binary=:all:', ...PYTHON, '--dest', to);
  args.push(...PLATFORMS.flatMap((name) => ['--platform', name]));
  if (!options.shown) args.push('--quiet');
  args.push(...wheels.map(({ name, version }) => `${name}==${version}`));
  await download('python3', args, { ...options, env: { TMPDIR: temporary } });
  for (const each of wheels) await verify(each, to);
}

/** Unpacks an npm package. */
export async function unpackPackage(
  { file }: Download,
  from: string,
  to: string,
  options: RunOptions,
): Promise<void> {
  await mkdir(to, { recursive: true });
  await run('tar', ['-xzf', join(from, file), '-C', to, '--strip-components=1'], options);
}

/** Unpacks the files of a wheel whose paths have one of these beginnings, then removes the wheel, which is large. */
export async function unpackWheel(
  { file }: Download,
  from: string,
  to: string,
  beginnings: readonly string[],
  options: RunOptions,
): Promise<void> {
  const path = join(from, file);
  const program =
    'import sys, zipfile; wheel = zipfile.ZipFile(sys.argv[1]); ' +
    'wheel.extractall(sys.argv[2], [n for n in wheel.namelist() if n.startswith(tuple(sys.argv[3:]))])';
  await run('python3', ['-I', '-c', program, path, to, ...beginnings], options);
  await rm(path);
}

async function download(command: string, args: string[], options: RunOptions): Promise<void> {
  try {
    await run(command, args, options);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new MissingRequirementError(`TensorFlow cannot be downloaded: ${error.message}`, {
      cause: error,
    });
  }
}

async function verify({ file, sha256 }: Download, folder: string): Promise<void> {
  const path = join(folder, file);
  if (!existsSync(path))
    throw new Error(`TensorFlow: expected the download ${file}, got another file`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new Error(`${file}: expected the sha256 checksum ${sha256}, got ${found}; it is not used`);
}
