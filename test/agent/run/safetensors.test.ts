import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../../src/agent/run/index.ts';
import { python, pythonHas } from '../../support/python.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A file made of a header's text and data, without the encoder. */
function file(header: string, data: ArrayLike<number> = []): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

describe('encodeSafetensors', () => {
  it('lays the file out as the format says', () => {
    const bytes = encodeSafetensors({
      b: { shape: [2], data: Float32Array.of(1, -2) },
      a: { shape: [], data: Float32Array.of(0.5) },
    });
    const header = `{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`;
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(padded.length).toBe(112);
    expect(Array.from(bytes.subarray(0, 8))).toEqual([112, 0, 0, 0, 0, 0, 0, 0]);
    expect(new TextDecoder().decode(bytes.subarray(8, 120))).toBe(padded);
    const floats = [0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0];
    expect(Array.from(bytes.subarray(120))).toEqual(floats);
  });

  it('refuses data that does not fit its shape, and a reserved name', () => {
    expect(() => encodeSafetensors({ w: { shape: [2, 3], data: new Float32Array(5) } })).toThrow(
      'tensor w of shape [2,3] needs 6 numbers, got 5',
    );
    expect(() =>
      encodeSafetensors({ __metadata__: { shape: [], data: new Float32Array(1) } }),
    ).toThrow('may not be named __metadata__');
  });
});

describe('decodeSafetensors', () => {
  it('gives back every bit, name and shape', () => {
    const tensor = fc.array(fc.nat({ max: 3 }), { maxLength: 3 }).chain((shape) => {
      const length = shape.reduce((a, b) => a * b, 1);
      return fc
        .float32Array({ minLength: length, maxLength: length })
        .map((data) => ({ shape, data }));
    });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), tensor),
        fc.dictionary(fc.string(), fc.string()),
        (tensors, metadata) => {
          const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata));
          expect(Object.keys(decoded.tensors).sort()).toEqual(Object.keys(tensors).sort());
          for (const [name, { shape, data }] of Object.entries(tensors)) {
            expect(decoded.tensors[name].shape).toEqual(shape);
            expect(new Uint8Array(decoded.tensors[name].data.buffer)).toEqual(
              new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
            );
          }
          expect(Object.entries(decoded.metadata)).toEqual(
            expect.arrayContaining(Object.entries(metadata)),
          );
        },
      ),
      { examples: [[{}, { ['__proto__']: '' }]] },
    );
  });

  it('reads misaligned bytes and copies them', () => {
    const bytes = encodeSafetensors({ w: { shape: [1], data: Float32Array.of(3) } });
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const { tensors } = decodeSafetensors(shifted.subarray(1));
    shifted.fill(0);
    expect(tensors.w.data).toEqual(Float32Array.of(3));
  });

  it('says at every length that a cut file is truncated', () => {
    const bytes = encodeSafetensors({ w: { shape: [2], data: Float32Array.of(1, 2) } });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow('truncated');
    }
  });

  it.each([
    ['another dtype', file(`{"w":${entry(0, 4, [2], 'F16')}}`, [0, 0, 0, 0]), 'w has dtype F16'],
    ['a hole', file(`{"v":${entry(0, 4)},"w":${entry(8, 12)}}`, Array(12)), 'a hole before w'],
    ['an overlap', file(`{"v":${entry(0, 8)},"w":${entry(4, 12)}}`, Array(12)), 'an overlap'],
    ['a start beyond 0', file(`{"w":${entry(4, 8)}}`, Array(8)), 'a hole before w'],
    [
      'a wrong shape',
      file(`{"w":${entry(0, 8, [3])}}`, Array(8)),
      'shape [3] needs 12 bytes, got 8',
    ],
    ['a reversed range', file(`{"w":${entry(0, -4, [1])}}`, []), 'malformed header'],
    ['a negative size', file(`{"w":${entry(0, 4, [-1])}}`, Array(4)), 'malformed header'],
    ['trailing data', file(`{"w":${entry(0, 4)}}`, Array(5)), 'data beyond the last tensor'],
    ['duplicate names', file(`{"w":${entry(0, 0)},"\\u0077":${entry(0, 0)}}`), 'duplicate key w'],
    ['a leading space', file(` {}`), 'it must start with {'],
    ['broken JSON', file(`{"w":`), 'malformed header'],
    ['bad UTF-8', file('{"w":1}').fill(0xff, 10, 11), 'malformed header'],
    ['metadata of numbers', file('{"__metadata__":{"a":1}}'), 'malformed header'],
    ['a huge header', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1), 'header of 72057594037927936 bytes'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  it('takes any name for what it is', () => {
    const empty = { shape: [0], data: new Float32Array() };
    const tensors = { '{"a":{': empty, ['__proto__']: empty };
    expect(decodeSafetensors(encodeSafetensors(tensors)).tensors).toEqual(tensors);
  });
});

const hasPeer = pythonHas('safetensors, numpy', 'safetensors against its Python package');

describe.skipIf(!hasPeer)('the Python package safetensors', () => {
  const tensors = {
    'core/w': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, -6.25) },
    bias: { shape: [], data: Float32Array.of(1e-40) },
    none: { shape: [0, 4], data: new Float32Array() },
  };

  it('reads what is written here', () => {
    const path = join(tempDir(), 'w.safetensors');
    writeFileSync(path, encodeSafetensors(tensors, { by: 'ü' }));
    const read = python(
      `import sys, json
from safetensors import safe_open
with safe_open(sys.argv[1], framework="numpy") as f:
    print(json.dumps({"metadata": f.metadata(), "tensors": {k: [list(f.get_tensor(k).shape), f.get_tensor(k).ravel().tolist()] for k in f.keys()}}))`,
      path,
    );
    expect(read).toEqual({
      metadata: { by: 'ü' },
      tensors: Object.fromEntries(
        Object.entries(tensors).map(([name, { shape, data }]) => [name, [shape, Array.from(data)]]),
      ),
    });
  });

  it('writes what is read here', () => {
    const path = join(tempDir(), 'w.safetensors');
    python(
      `import sys, numpy as np
from safetensors.numpy import save_file
a = lambda x, s: np.array(x, dtype=np.float32).reshape(s)
save_file({"core/w": a([1, 2, 3, 4, 5, -6.25], (2, 3)), "bias": a(1e-40, ()), "none": a([], (0, 4))}, sys.argv[1], {"by": "numpy"})
print(1)`,
      path,
    );
    expect(decodeSafetensors(readFileSync(path))).toEqual({ tensors, metadata: { by: 'numpy' } });
  });
});
