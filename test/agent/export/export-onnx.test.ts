import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { exportOnnx } from '../../../src/agent/export/export-onnx.ts';
import { ProtobufWriter } from '../../../src/agent/export/protobuf.ts';
import { Agent } from '../../../src/agent/index.ts';
import {
  Box,
  Dict,
  Discrete,
  type Env,
  MultiBinary,
  MultiDiscrete,
  Sequence,
  type Space,
  Text,
  Tuple,
} from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { pondera } from '../../support/built.ts';
import { python, pythonHas } from '../../support/python.ts';
import { makeRun } from '../../support/served.ts';
import { tempDir } from '../../support/temp-dir.ts';

const document = readFileSync(resolve(import.meta.dirname, '../../../docs/onnx.md'), 'utf8');
/** The driver in the page, and what chooses the parts of an action. */
const [driver, chooser] = Array.from(
  document.matchAll(/^```python\n(.*?)^```$/gms),
  ([, text]) => text,
);

/** Opens the graphs of a folder, to ask them of rows of observations. */
const OPEN = `
import sys
folder, rows = sys.argv[1], json.loads(sys.argv[2])
run = {name: onnxruntime.InferenceSession(f'{folder}/{name}.onnx') for name in ('encoder', 'step', 'heads')}
def ask(name, tensors):
    wanted = {each.name: tensors[each.name] for each in run[name].get_inputs()}
    return dict(zip([each.name for each in run[name].get_outputs()], run[name].run(None, wanted)))
`;

/** Runs every graph on rows of observations: of each, the heads' outputs after every ponder step. */
const RUN = `${OPEN}found = []
for row in rows:
    thought = ask('encoder', {'obs': np.array([row], np.float32)})
    for n in (1, 2, 3):
        thought['z'] = ask('step', thought)['next_z']
        heads = ask('heads', {'z': thought['z'], 'n': np.array([n], np.float32)})
        found.append([*map(float, heads['params'][0]), float(heads['value'][0]), float(heads['halt_logit'][0])])
print(json.dumps(found))
`;

const ACT = `
import sys
act = load(sys.argv[1])
print(json.dumps([act(obs) for obs in json.loads(sys.argv[2])]))
`;

const CHOOSE = `${OPEN}action = json.load(open(f'{folder}/pondera.json'))['action']
found = []
for row in rows:
    thought = ask('encoder', {'obs': np.array([row], np.float32)})
    thought['z'] = ask('step', thought)['next_z']
    heads = ask('heads', {'z': thought['z'], 'n': np.array([1], np.float32)})
    found.append([np.asarray(part).tolist() for part in choose(heads['params'][0], action)])
print(json.dumps(found))
`;

async function write(agent: Agent): Promise<string> {
  const folder = join(tempDir(), 'policy');
  await mkdir(folder);
  for (const [name, content] of Object.entries(await exportOnnx(agent))) {
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** Rows of observations, as they are before any normalization. */
function rowsOf({ observationSpace }: Agent, count: number): Float32Array[] {
  const rng = Rng.seed(3);
  return Array.from({ length: count }, () => {
    const row = new Float32Array(observationSpace.size);
    observationSpace.write(observationSpace.sample(rng), row);
    // Rows of zeros are padding.
    if (observationSpace.type === 'box' && row.length === 15) row.fill(0, 9);
    return row;
  });
}

/** What the policy computes, as RUN has it. */
function computed(agent: Agent, rows: readonly Float32Array[]): number[][] {
  return tf.tidy(() =>
    rows.flatMap((row) => {
      const input = row.slice();
      agent.normalizer?.normalize(input, 0);
      let thought = agent.policy.begin(tf.tensor2d(input, [1, input.length]));
      return [1, 2, 3].map((n) => {
        thought = { ...thought, z: agent.policy.step(thought) };
        const numbers = Array.from(agent.policy.outputs(thought.z, n).dataSync());
        numbers[numbers.length - 2] /= agent.valueScale;
        return numbers;
      });
    }),
  );
}

/** Shows what a space has; there is nothing to do. */
const showing = (observationSpace: Space) => (): Env => ({
  observationSpace,
  actionSpace: new Discrete(3),
  reset: () => ({ obs: observationSpace.sample(Rng.seed(0)), info: {} }),
  step: () => {
    throw new Error('never stepped');
  },
});

describe.skipIf(!pythonHas('onnxruntime, numpy', 'ONNX by its own runtime'))('exportOnnx', () => {
  it.each<[string, Partial<ConfigInput>, (() => Env)?]>([
    ['a vector', { env: { id: 'CartPole-v1' } }],
    ['a set, with registers', { env: { id: 'KHop-v0' }, policy: { registers: 2, blocks: 2 } }],
    ['a grid, by the full core', { env: { id: 'Maze-v0' }, policy: { core: 'full' } }],
    ['parts, and continuous actions', { env: { id: 'KnownDict-v0' } }],
    ['continuous actions', { env: { id: 'Pendulum-v1' } }],
    ['a picture', {}, showing(new Box({ shape: [12, 10, 3], low: 0, high: 255, dtype: 'uint8' }))],
    [
      'rows, of which some are padding',
      {},
      showing(new Box({ shape: [5, 3], low: -1, high: 1, as: 'set' })),
    ],
    [
      'rows of a set, normalized',
      { normalize: { obs: true } },
      showing(new Box({ shape: [5, 3], low: -2, high: 4, as: 'set' })),
    ],
    [
      'entries of a Sequence, normalized',
      { normalize: { obs: true } },
      showing(new Sequence(new Box({ shape: [3], low: -2, high: 4 }), { maxLength: 4 })),
    ],
    ['text', {}, showing(new Text({ maxLength: 6 }))],
  ])('gives graphs that compute the same to 1e-5: %s', async (_, input, env) => {
    const { agent } = await makeRun(input, env);
    const rows = rowsOf(agent, 4);
    for (const row of rows) agent.normalizer?.update(row, 1);
    const found = python(
      driver + RUN,
      await write(agent),
      JSON.stringify(rows.map((row) => Array.from(row))),
    ) as number[][];
    const expected = computed(agent, rows);
    expect(found.length).toBe(12);
    for (const [i, numbers] of expected.entries()) {
      expect(found[i].length).toBe(numbers.length);
      for (const [k, number] of numbers.entries()) {
        expect(Math.abs(found[i][k] - number)).toBeLessThan(1e-5 * Math.max(1, Math.abs(number)));
      }
    }
  });

  it('normalizes observations and scales values as the agent does, by the driver in the page', async () => {
    const { agent } = await makeRun({
      env: { id: 'CartPole-v1' },
      normalize: { obs: true, reward: true },
    });
    const rng = Rng.seed(4);
    const seen = Float32Array.from({ length: 400 }, () => 2 + 3 * rng.normal());
    agent.normalizer!.update(seen, 100);
    agent.valueScale = 0.25;
    const observations = Array.from({ length: 8 }, () =>
      Float32Array.from({ length: 4 }, () => rng.normal() / 20),
    );
    const expected = [];
    for (const obs of observations) {
      const { action, thought } = await agent.act(obs);
      expected.push([action, thought.ponderSteps, thought.values.at(-1)!]);
    }
    const plain = JSON.stringify(observations.map((obs) => Array.from(obs)));
    const found = python(driver + ACT, await write(agent), plain) as number[][];
    expect(found.map(([action, steps]) => [action, steps])).toEqual(
      expected.map(([action, steps]) => [action, steps]),
    );
    for (const [i, [, , value]] of found.entries()) expect(value).toBeCloseTo(expected[i][2], 4);
  });
});

describe.skipIf(!pythonHas('onnxruntime, numpy', 'ONNX by its own runtime'))(
  'an action in parts',
  () => {
    it('is chosen by the function in the page as the agent chooses it', async () => {
      const unit = new Discrete(4, 1);
      const target = new MultiDiscrete([3, 2]);
      const aim = new Dict({
        marks: new MultiBinary(3),
        power: new Box({ shape: [2], low: -1, high: 1 }),
      });
      const actionSpace = new Tuple([unit, target, aim, new Discrete(5)]);
      const observationSpace = new Box({ shape: [3], low: -1, high: 1 });
      const env = (): Env => ({ ...showing(observationSpace)(), actionSpace });
      const { agent } = await makeRun({}, env);
      const rows = rowsOf(agent, 12);
      const plain = JSON.stringify(rows.map((row) => Array.from(row)));
      const found = python(driver + chooser + CHOOSE, await write(agent), plain) as number[][][];
      const exit = { name: 'fixed', ponderSteps: 1 };
      for (const [i, row] of rows.entries()) {
        const { action } = await agent.act(row, { exit });
        const [chosen, at, { marks, power }, last] = action as [
          number,
          Int32Array,
          { marks: Int8Array; power: Float32Array },
          number,
        ];
        const [first, second, bits, numbers, fifth] = found[i];
        expect([first, second, bits, fifth]).toEqual([[chosen - 1], [...at], [...marks], [last]]);
        for (const k of [0, 1]) {
          expect(Math.min(1, Math.max(-1, numbers[k]))).toBeCloseTo(power[k], 4);
        }
      }
      // They do not always say the same.
      expect(new Set(found.map((one) => JSON.stringify(one))).size).toBeGreaterThan(4);
    });
  },
);

describe('pondera export', () => {
  const [program, main] = pondera();
  const run = (...args: string[]) =>
    spawnSync(program, [main, 'export', ...args], { encoding: 'utf8' });

  it('writes the files of a run, and needs a folder to write to', async () => {
    const { dir, agent } = await makeRun({ env: { id: 'KnownDiscrete-v0' } });
    const folder = join(tempDir(), 'new/policy');
    const { status, stdout } = run(dir, '--onnx', folder);
    expect([status, stdout]).toEqual([
      0,
      `${folder}: encoder.onnx, step.onnx, heads.onnx, pondera.json\n`,
    ]);
    const files = await exportOnnx(agent);
    for (const name of ['encoder.onnx', 'step.onnx', 'heads.onnx']) {
      expect(readFileSync(join(folder, name)).equals(files[name] as Uint8Array)).toBe(true);
    }
    const { halting, envSteps } = JSON.parse(readFileSync(join(folder, 'pondera.json'), 'utf8'));
    expect(envSteps).toBe(100);
    expect(halting).toMatchObject({ minSteps: 1, maxSteps: 4, floor: 0, exit: 'cdf' });
    expect(run(dir)).toMatchObject({ status: 2, stderr: expect.stringContaining('--onnx') });
  });
});

describe('exportOnnx refuses', () => {
  it('an algorithm whose policy has no halting head', async () => {
    const { agent } = await makeRun({ env: { id: 'KnownDiscrete-v0' }, algorithm: 'pqn' });
    await expect(exportOnnx(agent)).rejects.toThrow(
      'export: algorithm: expected one whose policy has a halting head, got pqn',
    );
  });

  it('a policy with a memory, and says what can be done', async () => {
    const { agent } = await makeRun({ memory: { length: 4 } });
    await expect(exportOnnx(agent)).rejects.toThrow(
      /^export: memory\.length: expected 0, since the graphs take one observation, got 4; serve the policy/,
    );
  });

  it("an operation of a developer's encoder that has no form, by its name", async () => {
    const { agent } = await makeRun({ env: { id: 'KnownBox-v0' } });
    const { config, observationSpace, actionSpace } = agent;
    const own = new Agent(config, { observationSpace, actionSpace }, (_, width) => ({
      tokens: 1,
      encode: (rows) => tf.tile(tf.sum(tf.erf(tf.expandDims(rows, 2)), 1, true), [1, 1, width]),
    }));
    onTestFinished(() => own.dispose());
    await expect(exportOnnx(own)).rejects.toThrow(
      'export: encoder: the operation Erf has no form in ONNX here',
    );
    // The agent acts as before.
    await own.act(observationSpace.sample(Rng.seed(1)));
  });
});

describe('ProtobufWriter', () => {
  it('writes the examples of the specification', () => {
    // https://protobuf.dev/programming-guides/encoding: 150 as field 1, "testing" as field 2, 3, 270 and 86942 packed.
    const bytes = new ProtobufWriter().int(1, 150).text(2, 'testing').ints(6, [3, 270, 86942]);
    expect(Buffer.from(bytes.finish()).toString('hex')).toBe(
      `089601${'120774657374696e67'}${'3206038e029ea705'}`,
    );
    expect(Buffer.from(new ProtobufWriter().int(1, -2).finish()).toString('hex')).toBe(
      '08feffffffffffffffff01',
    );
  });
});
