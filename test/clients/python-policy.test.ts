import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/kernels/index.ts';
import { interpreter, pythonHas } from '../support/python.ts';
import { makeRun, markBest, save, serve } from '../support/served.ts';
import { distance, stir } from '../support/small-policy.ts';
import { makeWriter } from '../support/writer.ts';

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

const episodes = `
import json, sys
import numpy as np
from pondera_client import Policy, WireError

with Policy(sys.argv[1]) as policy:
    session, values = policy.session(), []
    for episode in range(2):
        for i, (obs, reward, earlier) in enumerate(json.loads(sys.argv[2])):
            before = [np.array(one, np.float32) for one in earlier]
            decision = session.decide(np.array(obs, np.float32), reward, trace=True, earlier=before)
            values.append(decision.thoughts[0]["values"])
            if i == 1:
                policy._link._drop()  # the connection is given up, and the session goes on over another
        session.reset()
    obs, _, earlier = json.loads(sys.argv[2])[0]
    obs, before = np.array(obs, np.float32), [np.array(one, np.float32) for one in earlier]
    (first,) = policy.decide([obs], trace=True, earlier=[before]).thoughts
    policy.close()
    refused = policy.session()
    refused._step = 3
    try:
        refused.act(obs)
    except WireError as error:
        found = {"values": values, "first": first["values"]}
        print(json.dumps({**found, "code": error.code, "message": str(error)}))
`;

const writing = `
import json, sys
import numpy as np
from pondera_client import Policy, WireError

asked = json.loads(sys.argv[2])
with Policy(sys.argv[1]) as policy:
    def tokens(prompt, **options):
        return [vars(token) for token in policy.generate(prompt, **options)]

    def refusal(prompt, **options):
        try:
            tokens(prompt, **options)
        except WireError as error:
            return [error.code, error.message]

    found = {"text": tokens("1+", **asked), "tokens": tokens(np.array([1, 10]), **asked, trace=True)}
    left = []
    for token in policy.generate("1+", 10**9):
        left.append(token.text)
        policy.act(3)  # while tokens come over another connection
        if len(left) == 3:
            break
    found["again"] = tokens("1+", **asked)
    found["left"] = left
    found["refused"] = [refusal("123456789"), refusal("1", temperature=-1)]
    print(json.dumps(found))
`;

const cutting = `
import json, sys
from pondera_client import Policy, WireError

count = 0
try:
    for token in Policy(sys.argv[1], timeout=5).generate("1+", 10**9):
        count += 1
        if count == 2:
            print(json.dumps("begun"), flush=True)
except (ConnectionError, WireError) as error:
    print(json.dumps([count, str(error)]))
`;

/** What a program prints as JSON. */
async function printed(program: string, ...args: string[]): Promise<unknown> {
  return (await printedLines(program, args))[0];
}

/** What a program prints, a line of JSON each. @param begun called at the first line */
async function printedLines(
  program: string,
  args: readonly string[],
  begun: () => unknown = () => {},
): Promise<unknown[]> {
  const env = { ...process.env, PYTHONPATH: join(root, 'clients/python') };
  const options = { env, stdio: ['ignore', 'pipe', 'inherit'] as const };
  const child = spawn(interpreter, ['-c', program, ...args], {
    ...options,
    stdio: [...options.stdio],
  });
  let output = '';
  child.stdout!.on('data', (text) => {
    if (output === '') begun();
    output += text;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const drawnTexts = `
import json, sys
from pondera_client import Policy

with Policy(sys.argv[1]) as policy:
    print(json.dumps([policy.act(word, deterministic=False, seed=word) for word in range(5)]))
`;

describe.skipIf(!hasPeer)('the Python client', () => {
  it('gets texts as they are', async () => {
    const module = join(root, 'test/support/spelling-env.ts');
    const { dir, agent } = await makeRun({ env: { id: undefined, module } });
    const own = [0, 1, 2, 3, 4].map((seed) => agent.act(seed, { deterministic: false, seed }));
    const expected = (await Promise.all(own)).map(({ action }) => action);
    expect(await printed(drawnTexts, (await serve(dir)).url)).toEqual(expected);
  });

  it('is answered by a policy server as the agent would', async () => {
    const { dir, agent } = await makeRun({
      env: { id: 'Pendulum-v1' },
      halting: { rule: 'fixed' },
    });
    const obs = agent.observationSpace.sample(Rng.seed(1)) as Float32Array;
    const url = (await serve(dir)).url.replace('/v1/policy', '');
    const found = await printed(program, url, JSON.stringify(Array.from(obs)));
    const { action } = await agent.act(obs);
    expect(found).toEqual({
      action: Array.from(action),
      steps: [1, 1],
      cut: [true, true],
      version: 100,
    });
  });

  it('generates what the agent generates, leaves, and hears why it is refused', async () => {
    const { dir, agent } = await makeWriter();
    const server = await serve(dir, { exit: 'sample' });
    const options = { max_tokens: 12, seed: 3, temperature: 0.9, top_p: 0.9, max_steps: 3 };
    const found = (await printed(writing, server.url, JSON.stringify(options))) as {
      [name: string]: unknown;
    };
    const asked = { maxTokens: 12, seed: 3, temperature: 0.9, topP: 0.9, maxSteps: 3 };
    const expected: object[] = [];
    const traced: object[] = [];
    const generating = { ...asked, exit: 'sample', trace: true } as const;
    for await (const { thought, ...one } of agent.generate('1+', generating)) {
      const { token, text, logProb, ponderSteps, end = null } = one;
      const told = {
        ...{ token, text, log_prob: expect.closeTo(logProb, 4), ponder_steps: ponderSteps },
        ...{ policy_version: 200, end },
      };
      const close = (numbers: readonly number[]) => numbers.map((x) => expect.closeTo(x, 4));
      const { halts, values, actions } = thought!;
      const lists = { halts: close(halts), values: close(values), actions: actions.map(close) };
      expected.push({ ...told, thought: null });
      traced.push({ ...told, thought: lists });
    }
    expect(found.text).toEqual(expected);
    expect(found.tokens).toEqual(traced);
    expect(found.again).toEqual(expected);
    expect(found.left).toHaveLength(3);
    expect(found.refused).toEqual([
      ['REFUSED', 'prompt: expected 1 to 8 tokens (memory.length), got 9'],
      ['BAD_MESSAGE', expect.stringContaining('temperature')],
    ]);
  });

  it('says after how many tokens a stream was cut off', async () => {
    const { dir } = await makeWriter();
    const server = await serve(dir);
    const lines = await printedLines(cutting, [server.url], () => server.close());
    const [begun, [count, message]] = lines as [string, [number, string]];
    expect(begun).toBe('begun');
    expect(message).toMatch(/SHUTTING_DOWN/);
    expect(message).toContain(`cut off after ${count} tokens: `);
  });

  it('plays episodes of a policy with a memory as a session of the agent does', async () => {
    const { dir, agent } = await makeRun({
      env: { id: 'CartPole-v1' },
      memory: { length: 3, prelude: 1 },
    });
    stir(agent.policy.parameters, 0.5);
    await save(dir, agent, 200);
    await markBest(dir, 200);
    const rng = Rng.seed(2);
    const seen = Array.from({ length: 7 }, (_, i) => {
      const [obs, ...earlier] = Array.from({ length: i % 3 === 0 ? 4 : 1 }, () =>
        Array.from(agent.observationSpace.sample(rng) as Float32Array),
      );
      return [obs, i === 0 ? 0 : i / 8, earlier] as const;
    });
    const { url } = await serve(dir);
    const { values, first, code, message } = (await printed(
      episodes,
      url,
      JSON.stringify(seen),
    )) as {
      [name: string]: unknown;
    };
    const session = agent.session();
    const expected = [];
    for (const [obs, reward, earlier] of seen) {
      expected.push((await session.act(obs, { reward, earlier })).thought.values);
    }
    expect(distance(values, [...expected, ...expected])).toBeLessThan(1e-5);
    expect(distance(first, expected[0])).toBeLessThan(1e-5);
    expect(code).toBe('REFUSED');
    expect(message).toContain('expected step 0, since the server keeps no episode of it, got 3');
  });
});
