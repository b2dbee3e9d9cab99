import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadModule } from '../../../src/kernels/simd/module.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Whether this Node.js makes the wide code. */
const wide = loadModule({ build: 'strict' }).code === 'wide';

describe('loadModule', () => {
  it('takes the wide code where there is one, else relaxed SIMD, which every Node.js we support runs', () => {
    vi.stubEnv('PONDERA_SIMD', '');
    expect(loadModule().build).toBe(wide ? 'strict' : 'relaxed');
    expect(loadModule().code).toBe(wide ? 'wide' : 'relaxed');
  });

  it('has the wide code from Node.js 24 on, on x64', () => {
    const major = Number.parseInt(process.versions.node, 10);
    expect(wide).toBe(major >= 24 && process.arch === 'x64');
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
    const empty = pathToFileURL(`${mkdtempSync(`${tmpdir()}/builds-`)}/`);
    expect(() => loadModule({ build: 'simd' }, empty)).toThrow(
      /simd\.wasm is missing; make it with "npm run build:kernels"/,
    );
  });
});
