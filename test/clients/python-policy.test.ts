import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/kernels/index.ts';
import { interpreter, pythonHas } from '../support/python.ts';
import { makeRun, serve } from '../support/served.ts';

const root = resolve(import.meta.dirname, '../..');
const hasPeer = pythonHas('numpy, msgpack, websockets', 'the Python client of a policy server');

const program = `
import json, sys
import numpy as np
from pondera_client import Policy

obs = np.array(json.loads(sys.argv[2]), np.float32)
with Policy(sys.argv[1]) as policy:
    decision = policy.decide([obs, obs], max_steps=1)
    print(json.dumps({
        "action": policy.act(obs).tolist(),
        "steps": decision.ponder_steps.tolist(),
        "cut": decision.cut.tolist(),
        "version": decision.policy_version,
    }))
`;

describe.skipIf(!hasPeer)('the Python client', () => {
  it('is answered by a policy server as the agent would', async () => {
    const { dir, agent } = await makeRun({
      env: { id: 'Pendulum-v1' },
      halting: { rule: 'fixed' },
    });
    const obs = agent.observationSpace.sample(Rng.seed(1)) as Float32Array;
    const url = (await serve(dir)).url.replace('/v1/policy', '');
    const args = ['-c', program, url, JSON.stringify(Array.from(obs))];
    const env = { ...process.env, PYTHONPATH: join(root, 'clients/python') };
    const child = spawn(interpreter, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    const { action } = await agent.act(obs);
    expect(JSON.parse(output)).toEqual({
      action: Array.from(action),
      steps: [1, 1],
      cut: [true, true],
      version: 100,
    });
  });
});
