import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KHop } from '../../../src/envs/builtin/k-hop.ts';

/** The observation as a reader without the source sees it. */
function parse(obs: Int32Array, layers: number, width: number) {
  const rows = Array.from({ length: obs.length / 3 }, (_, i) => [
    ...obs.subarray(3 * i, 3 * i + 3),
  ]);
  const questions = rows.filter(([name]) => name === (layers + 1) * width);
  const nodes = rows.filter(([name]) => name !== (layers + 1) * width);
  return { rows, questions, nodes, target: new Map(nodes.map(([name, to]) => [name, to])) };
}

function follow(obs: Int32Array, layers: number, width: number): number {
  const { questions, target } = parse(obs, layers, width);
  const [, start, hops] = questions[0];
  let node = start;
  for (let hop = 0; hop < hops; hop++) node = target.get(node)!;
  expect(Math.floor(node / width)).toBe(hops);
  return node % width;
}

describe('KHop-v0', () => {
  it('pays for the node that following the pointers shown reaches, and for no other', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 2, max: 6 }), run),
      { numRuns: 200 },
    );

    function run(seed: number, layers: number, width: number) {
      const env = new KHop({ layers, width, minHops: 1 });
      const { obs, info } = env.reset({ seed });
      const { questions, nodes, target } = parse(obs, layers, width);
      expect(env.observationSpace.contains(obs)).toBe(true);
      expect(questions).toHaveLength(1);
      expect(info.difficulty).toBe(questions[0][2]);
      expect(target.size).toBe(layers * width);
      for (const [name, to, hops] of nodes) {
        expect(Math.floor(to / width)).toBe(Math.floor(name / width) + 1);
        expect(hops).toBe(0);
      }
      const right = follow(obs, layers, width);
      const before = env.snapshot();
      for (let action = 0; action < width; action++) {
        env.restore(before);
        const step = env.step(action);
        expect(step.reward).toBe(action === right ? 1 : 0);
        expect(step.info.success).toBe(action === right);
        expect(step).toMatchObject({ terminated: true, truncated: false });
      }
    }
  });

  it('draws every target independently and uniformly, and shuffles the tokens', () => {
    const [layers, width, episodes] = [2, 3, 6000];
    const env = new KHop({ layers, width, minHops: 1 });
    env.reset({ seed: 3 });
    const joint = new Map<string, number>();
    const places = new Map<number, number>();
    const hops = new Map<number, number>();
    const starts = new Map<number, number>();
    const count = <K>(map: Map<K, number>, key: K) => map.set(key, (map.get(key) ?? 0) + 1);
    for (let episode = 0; episode < episodes; episode++) {
      const { rows, target, questions } = parse(env.reset().obs, layers, width);
      // Two nodes of one layer and one of the next: a permutation would leave combinations out.
      count(joint, `${target.get(0)} ${target.get(1)} ${target.get(3)}`);
      count(places, rows.indexOf(questions[0]));
      count(starts, questions[0][1]);
      count(hops, questions[0][2]);
    }
    const chiSquared = (counts: Map<unknown, number>, cells: number) => {
      const expected = episodes / cells;
      return [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    };
    expect(joint.size).toBe(27);
    expect(chiSquared(joint, 27)).toBeLessThan(54.1); // 99.9 % at 26 degrees of freedom
    expect(places.size).toBe(7);
    expect(chiSquared(places, 7)).toBeLessThan(22.5); // 6
    expect(chiSquared(starts, 3)).toBeLessThan(13.8); // 2
    expect(chiSquared(hops, 2)).toBeLessThan(10.8); // 1
  });

  it('asks for no fewer hops than minHops', () => {
    const env = new KHop({ layers: 4, width: 3, minHops: 3 });
    const asked = new Set(
      Array.from({ length: 100 }, (_, seed) => env.reset({ seed }).info.difficulty),
    );
    expect([...asked].sort()).toEqual([3, 4]);
  });

  it('has the spaces it documents', () => {
    const env = new KHop({ layers: 3, width: 5, minHops: 1 });
    const json = env.observationSpace.toJSON();
    expect(json).toMatchObject({ shape: [16, 3] });
    expect(Array.from(env.observationSpace.nvec.slice(0, 6))).toEqual([21, 21, 4, 21, 21, 4]);
    expect(env.actionSpace.toJSON()).toMatchObject({ n: 5 });
  });
});
