import { expect, it } from 'vitest';
import { overEpochs } from '../../../src/agent/algorithms/minibatches.ts';
import { Rng } from '../../../src/kernels/index.ts';

it('takes a share of the decisions in each pass, others each time and none twice', async () => {
  const passes: number[][] = [[]];
  const step = async (chosen: Int32Array, parts: number) => {
    expect(parts).toBe(3);
    passes.at(-1)!.push(...chosen);
    return { stats: new Float32Array(1), gradNorm: 1 };
  };
  const endsPass = () => passes.push([]) > 3;
  const places = Int32Array.from({ length: 100 }, (_, place) => place);
  await overEpochs(places, { minibatch: 10, epochs: 9, share: 0.3 }, Rng.seed(1), step, endsPass);
  const [first, second, third, ...none] = passes;
  expect(none).toEqual([[]]);
  for (const pass of [first, second, third]) {
    expect(pass).toHaveLength(30);
    expect(new Set(pass).size).toBe(30);
  }
  expect(second).not.toEqual(first);
  expect(new Set([...first, ...second, ...third]).size).toBeGreaterThan(50);
});
