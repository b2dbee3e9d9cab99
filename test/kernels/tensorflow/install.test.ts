import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADDON, buildIn } from '../../../src/kernels/tensorflow/build.ts';
import { compileAddon, probe } from '../../../src/kernels/tensorflow/compile.ts';
import * as downloads from '../../../src/kernels/tensorflow/downloads.ts';
import { type InstallOptions, installTensorflow } from '../../../src/kernels/tensorflow/install.ts';
import { MissingRequirementError } from '../../../src/kernels/tensorflow/machine.ts';
import { CommandError } from '../../../src/kernels/tensorflow/run-command.ts';
import { tempDir } from '../../support/temp-dir.ts';

const disk = vi.hoisted(() => ({ free: Number.POSITIVE_INFINITY }));
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  statfs: async () => ({ bavail: disk.free / 4096, bsize: 4096 }),
}));
// Small stand-ins are downloaded, and what is made of them is no addon: the real thing is built where CI runs
// `pondera tensorflow install`.
vi.mock('../../../src/kernels/tensorflow/downloads.ts', async (original) =>
  structuredClone(await original<typeof import('../../../src/kernels/tensorflow/downloads.ts')>()),
);
vi.mock('../../../src/kernels/tensorflow/compile.ts', () => ({
  compileAddon: vi.fn(),
  probe: vi.fn(),
}));

const python = ['python3', '-c', 'import sys; print(sys.executable)'] as const;
const realPython = (() => {
  try {
    return execFileSync(python[0], python.slice(1), { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
})();

/** Of each registry, the files that the fakes of npm and pip hand out. */
let shelf: string;
const { ADDON_PACKAGE, HEADERS_PACKAGE, WHEELS } = downloads;

beforeAll(() => {
  shelf = mkdtempSync(join(tmpdir(), 'pondera-shelf-'));
  if (realPython === undefined) return;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(shelf, path)), { recursive: true });
    writeFileSync(join(shelf, path), text);
  };
  for (const name of ['kernels/Add.js', 'nodejs_kernel_backend.js', 'register_all_kernels.js']) {
    write(`addon/package/dist/${name}`, 'exports;');
  }
  write('addon/package/dist/int64_tensors.js', 'exports;');
  write('addon/package/dist/saved_model.js', 'exports;');
  write('addon/package/package.json', '{}');
  write('headers/package/include/node_api.h', '');
  for (const [from, { file }] of [
    ['addon', ADDON_PACKAGE],
    ['headers', HEADERS_PACKAGE],
  ] as const) {
    execFileSync('tar', ['-czf', join(shelf, file), '-C', join(shelf, from), 'package']);
  }
  const wheels: Record<string, string[]> = {};
  for (const [tensorflow, ...cuda] of [WHEELS.cpu.wheels, WHEELS.cuda.wheels]) {
    wheels[tensorflow.file] = [
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
      'tensorflow/include/tensorflow/c/c_api.h',
      'tensorflow/python/big.so',
    ];
    for (const { name, file } of cuda) {
      const of = name.slice('nvidia-'.length, -'-cu12'.length).replaceAll('-', '_');
      wheels[file] = [`nvidia/${of}/lib/lib${of}.so.12`, `nvidia/${of}/include/${of}.h`];
    }
  }
  const program = `import json, sys, zipfile
for file, names in json.loads(sys.argv[1]).items():
    with zipfile.ZipFile(file, "w") as wheel:
        for name in names: wheel.writestr(name, name)`;
  execFileSync(realPython, ['-c', program, JSON.stringify(wheels)], { cwd: shelf });
  for (const each of [
    ADDON_PACKAGE,
    HEADERS_PACKAGE,
    ...WHEELS.cpu.wheels,
    ...WHEELS.cuda.wheels,
  ]) {
    const sha256 = createHash('sha256')
      .update(readFileSync(join(shelf, each.file)))
      .digest('hex');
    Object.assign(each, { sha256 });
  }
}, 60_000);
afterAll(() => rmSync(shelf, { recursive: true }));

let bin: string;
let folder: string;
const tool = (name: string, script: string) =>
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
/** What every tool answers when it is asked whether it is there. */
const PRESENT = 'case "$*" in *--version) exit ;; esac';

beforeEach(() => {
  bin = tempDir();
  folder = join(tempDir(), '.pondera-tensorflow');
  tool('npm', `${PRESENT}; cp ${shelf}/*.tgz "$4"`);
  tool(
    'python3',
    `${PRESENT}
    case "$*" in
      *"pip download"*) while [ "$1" != --dest ]; do shift; done; cp ${shelf}/*.whl "$2"; exit ;;
    esac
    exec ${realPython} "$@"`,
  );
  tool('g++', PRESENT);
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  vi.mocked(compileAddon).mockImplementation((at) => writeFile(join(at, ADDON), 'an addon'));
  vi.mocked(probe).mockResolvedValue();
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.resetAllMocks();
  disk.free = Number.POSITIVE_INFINITY;
});

const install = (options: Partial<InstallOptions> = {}) =>
  installTensorflow({ variant: 'cpu', folder, ...options });
const around = () => readdirSync(dirname(folder));

/** What an installation that must fail says; it leaves nothing. */
async function refusal(options: Partial<InstallOptions> = {}): Promise<Error> {
  const before = around();
  const error = await install(options).then(
    () => new Error('it was installed'),
    (error) => error,
  );
  expect(around()).toEqual(before);
  return error;
}

describe.skipIf(process.platform !== 'linux' || realPython === undefined)(
  'installTensorflow',
  () => {
    it('leaves the library, the addon and what calls it, and nothing else', async () => {
      const lines: string[] = [];
      const done = await install({ log: (line) => lines.push(line) });
      expect(done).toEqual({ folder, tensorflow: '2.21.0', already: false });
      expect(lines).toEqual([
        'downloading the sources of the addon',
        'downloading TensorFlow 2.21.0 (cpu, 274 MB)',
        'unpacking',
        'compiling the addon',
        'trying it',
      ]);
      const [, sources] = vi.mocked(compileAddon).mock.calls[0];
      expect(Object.keys(sources)).toEqual(['addon', 'tensorflow', 'node']);
      const files = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
      expect(files.sort()).toEqual([
        'build.json',
        'lib/libtensorflow_cc.so.2',
        'lib/libtensorflow_framework.so.2',
        'lib/tfjs_binding.node',
        'node_modules/@tensorflow/tfjs-node-gpu/dist/int64_tensors.js',
        'node_modules/@tensorflow/tfjs-node-gpu/dist/kernels/Add.js',
        'node_modules/@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js',
        'node_modules/@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js',
        'node_modules/@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js',
        'node_modules/@tensorflow/tfjs-node-gpu/package.json',
        'node_modules/@tensorflow/tfjs/index.js',
      ]);
      expect(around()).toEqual(['.pondera-tensorflow']);
    });

    it('does nothing where it is there and runs, and builds anew where it does not', async () => {
      await install();
      expect(await install()).toMatchObject({ already: true });
      expect(compileAddon).toHaveBeenCalledTimes(1);
      vi.mocked(probe).mockRejectedValueOnce(new CommandError('node -e failed'));
      expect(await install()).toMatchObject({ already: false });
      expect(around()).toEqual(['.pondera-tensorflow']);
    });

    it('brings CUDA’s libraries to where TensorFlow looks for them, in place of the build for CPUs', async () => {
      await install();
      expect(await install({ variant: 'cuda' })).toMatchObject({ already: false });
      expect(buildIn(folder)?.variant).toBe('cuda');
      expect(readdirSync(join(folder, 'nvidia')).sort()).toEqual([
        ...['cublas', 'cuda_cupti', 'cuda_nvrtc', 'cuda_runtime', 'cudnn', 'cufft', 'cusolver'],
        ...['cusparse', 'nccl', 'nvjitlink'],
      ]);
      expect(readdirSync(join(folder, 'nvidia/cudnn'), { recursive: true })).toEqual([
        'lib',
        'lib/libcudnn.so.12',
      ]);
    });

    it('names all that the machine lacks at once', async () => {
      vi.stubEnv('PATH', tempDir());
      disk.free = 2 ** 29;
      const error = await refusal();
      expect(error).toBeInstanceOf(MissingRequirementError);
      expect(error.message.split('\n')).toEqual([
        'TensorFlow cannot be installed; missing:',
        expect.stringMatching(/^- python3, /),
        expect.stringMatching(/^- pip of python3, .*apt install python3-pip/),
        expect.stringMatching(/^- g\+\+, .*apt install g\+\+/),
        expect.stringMatching(/^- npm, /),
        expect.stringMatching(/^- tar, /),
        `- 1.2 GiB of free disk space at ${dirname(folder)}, which has 0.5 GiB`,
      ]);
    });

    it.each([
      ['darwin', 'arm64', 'this is darwin arm64'],
      ['linux', 'arm64', 'this is linux arm64'],
      ['win32', 'x64', 'this is win32 x64'],
    ])('says where it can be installed: not on %s %s', async (platform, arch, reason) => {
      vi.stubGlobal(
        'process',
        Object.create(process, { platform: { value: platform }, arch: { value: arch } }),
      );
      const error = await refusal();
      expect(error).toBeInstanceOf(MissingRequirementError);
      expect(error.message).toBe(
        `TensorFlow can be installed on Linux x64 with glibc only; ${reason}`,
      );
    });

    it.each([
      ['npm', 'npm pack'],
      ['python3', 'python3 -m'],
    ])('hands on why %s downloads nothing', async (name, called) => {
      tool(name, `${PRESENT}; echo 'no route to the registry' >&2; exit 7`);
      const error = await refusal();
      expect(error).toBeInstanceOf(MissingRequirementError);
      expect(error.message).toBe(
        `TensorFlow cannot be downloaded: ${called} failed (exit 7):\nno route to the registry`,
      );
    });

    it.each([
      ['npm', () => ADDON_PACKAGE, '--pack-destination'],
      ['python3', () => WHEELS.cpu.wheels[0], '--dest'],
    ])('uses nothing of %s that has another checksum', async (name, of, to) => {
      const { file, sha256 } = of();
      const find = `while [ "$1" != ${to} ]; do shift; done`;
      tool(name, `${PRESENT}; ${find}; echo other > "$2/${file}"`);
      const other = createHash('sha256').update('other\n').digest('hex');
      expect((await refusal()).message).toBe(
        `${file}: expected the sha256 checksum ${sha256}, got ${other}; it is not used`,
      );
      expect(compileAddon).not.toHaveBeenCalled();
    });

    it('keeps what was there where the new build does not compile, or not run', async () => {
      await install();
      for (const step of [compileAddon, probe]) {
        // The build that is there was made by an older version of this package.
        const record = join(folder, 'build.json');
        writeFileSync(record, readFileSync(record, 'utf8').replace('2.21.0', '2.20.0'));
        vi.mocked(step).mockRejectedValueOnce(new CommandError('it does not'));
        expect((await refusal()).message).toBe('it does not');
        expect(buildIn(folder)).toMatchObject({ tensorflow: '2.20.0' });
      }
    });

    it.each(['npm', 'python3'])(
      'aborted, ends %s, leaves nothing, and what was there as it was',
      async (name) => {
        await install();
        const started = join(tempDir(), 'pid');
        tool(name, `${PRESENT}; echo $$ > ${started}; exec tail -f /dev/null`);
        const controller = new AbortController();
        const refused = refusal({ variant: 'cuda', signal: controller.signal });
        await vi.waitFor(() => expect(readFileSync(started, 'utf8')).toMatch(/\n/), {
          timeout: 30_000,
        });
        controller.abort();
        expect((await refused).name).toBe('AbortError');
        expect(() => process.kill(Number(readFileSync(started, 'utf8')), 0)).toThrow('ESRCH');
        expect(buildIn(folder)?.variant).toBe('cpu');
      },
    );

    it('sweeps away what was killed long ago, and leaves what another is making', async () => {
      const [old, fresh] = ['.pondera-tensorflow.part-old', '.pondera-tensorflow.part-new'].map(
        (name) => join(dirname(folder), name),
      );
      for (const path of [old, fresh]) mkdirSync(path);
      utimesSync(old, 1e9, 1e9);
      await install();
      expect([existsSync(old), existsSync(fresh)]).toEqual([false, true]);
    });
  },
);

describe.skipIf(process.platform !== 'linux' || realPython === undefined)('buildIn', () => {
  it('finds no build where one of its files is gone, cut short, or its record is not whole', async () => {
    expect(buildIn(folder)).toBeUndefined();
    const library = 'lib/libtensorflow_cc.so.2';
    for (const harm of [
      () => rmSync(join(folder, ADDON)),
      () => truncateSync(join(folder, library), 3),
      () => truncateSync(join(folder, 'build.json'), 30),
      () => rmSync(join(folder, 'build.json')),
    ]) {
      await install();
      expect(buildIn(folder)).toMatchObject({ variant: 'cpu', tfjs: '4.22.0' });
      harm();
      expect(buildIn(folder)).toBeUndefined();
    }
  });
});
