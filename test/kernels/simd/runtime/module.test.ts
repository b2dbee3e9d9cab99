import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadModule } from '../../../../src/kernels/simd/runtime/module.ts';
import { built } from '../../../support/built.ts';

vi.mock('node:v8', async (original) => {
  const v8 = await original<typeof import('node:v8')>();
  return { ...v8, setFlagsFromString: vi.fn(v8.setFlagsFromString) };
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Whether this Node.js makes the wide code. */
const wide = loadModule({ build: 'strict' }).code === 'wide';

describe('loadModule', () => {
  it('takes the wide code where there is one, else relaxed SIMD, which every Node.js we support runs', () => {
    vi.stubEnv('PONDERA_SIMD', '');
    expect(loadModule().build).toBe(wide ? 'strict' : 'relaxed');
    expect(loadModule().code).toBe(wide ? 'wide' : 'relaxed');
  });

  it('has the wide code on Node.js 24, 25 and 26, on x64', () => {
    const major = Number.parseInt(process.versions.node, 10);
    expect(wide).toBe([24, 25, 26].includes(major) && process.arch === 'x64');
  });

  it('needs no warning on any Node.js that the tests run on', () => {
    for (const build of ['auto', 'strict', 'relaxed', 'simd'] as const) {
      expect(loadModule({ build })).not.toHaveProperty('warning');
    }
  });

  it('takes what the environment says, and over it what the caller says', () => {
    vi.stubEnv('PONDERA_SIMD', 'simd');
    expect(loadModule()).toMatchObject({ build: 'simd', code: 'simd' });
    expect(loadModule({ build: 'relaxed' }).build).toBe('relaxed');
    expect(loadModule({ build: 'strict' }).build).toBe('strict');
    expect(loadModule({ build: 'auto' }).build).toBe('simd');
    vi.stubEnv('PONDERA_SIMD', 'relaxed');
    expect(loadModule().build).toBe('relaxed');
    expect(loadModule({ build: 'simd' }).build).toBe('simd');
    vi.stubEnv('PONDERA_SIMD', 'strict');
    expect(loadModule()).toMatchObject({ build: 'strict', code: wide ? 'wide' : 'simd' });
  });

  it('refuses another word', () => {
    vi.stubEnv('PONDERA_SIMD', 'fast');
    expect(() => loadModule()).toThrow('PONDERA_SIMD must be strict, relaxed or simd, got fast');
  });

  it('compiles each build once', () => {
    expect(loadModule({ build: 'simd' }).module).toBe(loadModule({ build: 'simd' }).module);
    expect(loadModule({ build: 'simd' }).module).not.toBe(loadModule({ build: 'relaxed' }).module);
  });

  it('says how to make a build that is missing', () => {
    const empty = pathToFileURL(`${mkdtempSync(`${tmpdir()}/builds-`)}/module.js`).href;
    expect(() => loadModule({ build: 'simd' }, empty)).toThrow(
      /build\/simd\.wasm is missing, .*"npm run prepare" makes it/,
    );
  });
});

/** Runs a program that loads the strict build, with flags of Node.js; gives what it prints. */
async function inProcess(flags: string[], program = ''): Promise<string> {
  const url = built('src/kernels/simd/runtime/module.ts');
  const source = `
    const { loadModule } = await import(${JSON.stringify(url)});
    const { code, warning } = loadModule({ build: 'strict' });
    console.log(code, warning);
    ${program}`;
  const args = [...flags, '--input-type=module', '-e', source];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1e8 });
  return stdout;
}

describe('flags of V8', () => {
  it('are as they were once the kernels are loaded, and other code is compiled as ever', async () => {
    expect(() => new Script('%IsSmi(1)')).toThrow(SyntaxError);
    const ours = await inProcess([], `new Function('return %IsSmi(1)')`).catch(String);
    expect(ours).toContain('SyntaxError');
  });

  it.runIf(wide)('make V8 join vectors', async () => {
    expect(await inProcess(['--trace-wasm-revectorize'])).toMatch(/^Revec/m);
  });

  it('stay as the process was started with', async () => {
    const flags = ['--allow-natives-syntax', '--experimental-wasm-revectorize'].slice(
      0,
      wide ? 2 : 1,
    );
    const printed = await inProcess(flags, `console.log(new Function('return %IsSmi(1)')())`);
    expect(printed).toBe(`${wide ? 'wide' : 'simd'} undefined\ntrue\n`);
  });

  it('are left alone where they are frozen: setting one would end the process', async () => {
    const printed = await inProcess(['--freeze-flags-after-init'], `loadModule();`);
    expect(printed).toMatch(wide ? /^simd kernels run on 128 bits, not 256/ : /^simd undefined/);
  });
});

describe('a Node.js of the future', () => {
  let load: typeof loadModule;

  beforeEach(async () => {
    const { variables } = process.config;
    vi.spyOn(process, 'config', 'get').mockReturnValue({
      ...process.config,
      variables: { ...variables, v8_enable_wasm_simd256_revec: 1 } as typeof variables,
    });
    vi.spyOn(process, 'versions', 'get').mockReturnValue({
      ...process.versions,
      v8: '15.0.245.7-node.3',
    });
    vi.spyOn(process, 'arch', 'get').mockReturnValue('x64');
    vi.resetModules();
    ({ loadModule: load } = await import('../../../../src/kernels/simd/runtime/module.ts'));
    vi.mocked(setFlagsFromString).mockClear();
  });

  it('gets a build for which no flag is set, and is told of it', () => {
    const warning = /run on 128 bits, not 256: .*; this is V8 15\.0\.245\.7-node\.3$/;
    expect(load({ build: 'strict' })).toMatchObject({ build: 'strict', code: 'simd', warning });
    expect(load().code).not.toBe('wide');
    expect(load().warning).toMatch(warning);
    expect(setFlagsFromString).not.toHaveBeenCalled();
  });

  it('runs relaxed as plain SIMD where it has no relaxed SIMD, and says so', () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    const warning = /does not run relaxed SIMD, so kernels\.build relaxed is run by plain SIMD/;
    expect(load({ build: 'relaxed' })).toMatchObject({ build: 'relaxed', code: 'simd', warning });
    expect(load()).toMatchObject({ build: 'strict', code: 'simd' });
    expect(setFlagsFromString).not.toHaveBeenCalled();
  });
});
