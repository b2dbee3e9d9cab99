import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { encodeOpenpi } from '../../../src/agent/serve/encode-openpi.ts';
import { ndarray } from '../../../src/envs/net/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { interpreter, pythonHas } from '../../support/python.ts';
import { makeRun, serve } from '../../support/served.ts';

describe('encodeOpenpi', () => {
  it('writes the bytes that msgpack_numpy does', () => {
    // openpi_client.msgpack_numpy.packb({"actions": np.array([1, -2], np.float32), "s": {"n": 1}})
    const expected =
      '82a7616374696f6e7384c40b5f5f6e6461727261795f5fc3c40464617461c4080000803f000000c0' +
      'c4056474797065a33c6634c40573686170659102a17381a16e01';
    const message = { actions: ndarray(Float32Array.of(1, -2)), s: { n: 1 } };
    expect(Buffer.from(encodeOpenpi(message)).toString('hex')).toBe(expected);
  });
});

describe('a policy server at /', () => {
  it('says in text what is wrong, and ends the connection with 1011', async () => {
    const { dir } = await makeRun();
    const { url } = await serve(dir);
    const socket = new WebSocket(url.replace('/v1/policy', '/'));
    onTestFinished(() => socket.terminate());
    const frames: [string, boolean][] = [];
    socket.on('message', (data, binary) => frames.push([data.toString(), binary]));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.once('message', () => socket.send(encodeOpenpi({ prompt: 'go' })));
    expect(await closed).toBe(1011);
    expect(frames.map(([, binary]) => binary)).toEqual([true, false]);
    expect(frames[1][0]).toBe(
      'REFUSED: observation: expected the key observation or obs, or a single array, got prompt',
    );
  });
});

const hasClient = pythonHas('openpi_client, numpy', "openpi's own client");

/** Infers from each observation, given as Python, and prints what came as JSON. */
const program = `
import json, sys
import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy

client = WebsocketClientPolicy(sys.argv[1], api_key=sys.argv[2])
metadata = client.get_server_metadata()
results = []
for obs in eval(sys.argv[3]):
    try:
        result = client.infer(obs)
    except RuntimeError as error:
        results.append(str(error))
        break
    actions = result["actions"]
    timing = sorted(result["server_timing"])
    results.append([actions.dtype.str, list(actions.shape), actions.tolist(), result["policy_version"], timing])
print(json.dumps({"metadata": metadata, "results": results}))
`;

describe.skipIf(!hasClient)("openpi's own client", () => {
  async function infer(url: string, observations: string) {
    const base = url.replace('/v1/policy', '');
    const child = spawn(interpreter, ['-c', program, base, 'correct-horse', observations]);
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.stderr.on('data', (text) => {
      err += text;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code, err).toBe(0);
    return JSON.parse(out);
  }
  const token = 'correct-horse';
  const floats = (values: ArrayLike<number>, dtype: string) =>
    `np.array(${JSON.stringify(Array.from(values))}, np.${dtype})`;

  it('gets the actions of a Box from arrays under any of the names', async () => {
    const { dir, agent } = await makeRun({ env: { id: 'Pendulum-v1' } });
    const obs = agent.observationSpace.sample(Rng.seed(1)) as Float32Array;
    const { action } = await agent.act(obs);
    const [f4, f8] = [floats(obs, 'float32'), floats(obs, 'float64')];
    const { metadata, results } = await infer(
      (await serve(dir, { token })).url,
      `[{"observation": ${f4}}, {"obs": ${f8}}, {"state": ${f4}, "prompt": "up"}, {"obs": np.zeros(2)}]`,
    );
    expect(metadata).toMatchObject({ name: 'tiny', version: 100 });
    const timings = [['infer_ms'], ['infer_ms', 'prev_total_ms'], ['infer_ms', 'prev_total_ms']];
    expect(results.slice(0, 3)).toEqual(
      timings.map((timing) => ['<f4', [1], Array.from(action), 100, timing]),
    );
    expect(results[3]).toMatch(/REFUSED: obs: batch: expected an array \[1,3\], got one \[1,2\]/);
  });

  it('gets the actions of a Dict by its keys, and of a Discrete from scalars', async () => {
    const dict = await makeRun({ env: { id: 'KnownDict-v0' } });
    const { observationSpace } = dict.agent;
    const obs = observationSpace.sample(Rng.seed(2));
    const value = JSON.stringify(obs, (_, entry) =>
      ArrayBuffer.isView(entry) ? Array.from(entry as Float32Array) : entry,
    );
    const { action } = await dict.agent.act(obs);
    const { results } = await infer(
      (await serve(dict.dir, { token })).url,
      `[{"extra": 1, **{k: np.array(v, np.float32) if isinstance(v, list) else v for k, v in ${value}.items()}}]`,
    );
    expect(results[0].slice(2, 4)).toEqual([action, 100]);

    const discrete = await makeRun();
    const wanted = (await discrete.agent.act(2)).action;
    const scalars = '[{"obs": np.int64(2)}, {"observation": 2}, {"x": np.array(2)}]';
    const found = await infer((await serve(discrete.dir, { token })).url, scalars);
    expect(found.results.map((result: unknown[]) => result.slice(0, 3))).toEqual(
      [0, 1, 2].map(() => ['<i4', [], wanted]),
    );
  });
});
