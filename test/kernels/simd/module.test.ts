import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadModule } from '../../../src/kernels/simd/module.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('loadModule', () => {
  it('takes relaxed SIMD, which every Node.js we support runs', () => {
    vi.stubEnv('PONDERA_SIMD', '');
    expect(loadModule().build).toBe('relaxed');
  });

  it('takes what the environment says, and over it what the caller says', () => {
    vi.stubEnv('PONDERA_SIMD', 'simd');
    expect(loadModule().build).toBe('simd');
    expect(loadModule({ build: 'relaxed' }).build).toBe('relaxed');
    expect(loadModule({ build: 'auto' }).build).toBe('simd');
    vi.stubEnv('PONDERA_SIMD', 'relaxed');
    expect(loadModule().build).toBe('relaxed');
    expect(loadModule({ build: 'simd' }).build).toBe('simd');
  });

  it('refuses another word', () => {
    vi.stubEnv('PONDERA_SIMD', 'fast');
    expect(() => loadModule()).toThrow('PONDERA_SIMD must be relaxed or simd, got fast');
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
