import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { z } from 'zod';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { CheckpointStore } from '../../../src/agent/run/index.ts';
import { PolicyClient } from '../../../src/agent/serve/policy-client.ts';
import { policyReply } from '../../../src/agent/serve/policy-messages.ts';
import { PolicyServer } from '../../../src/agent/serve/policy-server.ts';
import { answer, readMessage } from '../../../src/envs/net/wire/messages.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { tinyConfig } from '../../support/tiny-config.ts';
import { conversations, converseAll, type Served } from '../conversation.ts';
import { strays } from '../messages.ts';
import { Violation } from '../outcome.ts';
import type { HostedSubject } from '../subjects.ts';
import { type Target, target } from '../target.ts';

const TOKEN = 'correct-horse';
const hello = { path: '/v1/policy', token: TOKEN };
const hellos = fc.constant({ t: 'hello', v: 1, role: 'policy-client', client: 'fuzz' });
const reply = z.union([answer, policyReply]);

/** A policy server, over sockets: hostile clients, sixteen at a time, beside an honest one. */
export function policyServerTarget({ id, factory, obs }: HostedSubject): Target {
  const few = fc.array(fc.nat({ max: 2 }), { maxLength: 2 });
  const memory = fc.record(
    { history: few, step: few, reward: fc.array(fc.float(), { maxLength: 2 }) },
    { requiredKeys: ['history', 'step'] },
  );
  const act = fc.record(
    {
      t: fc.constant('act'),
      id: fc.nat(),
      obs: fc.constant(obs),
      memory,
      maxSteps: fc.integer({ min: 1, max: 9 }),
      deadlineMs: fc.nat({ max: 50 }),
      trace: fc.boolean(),
    },
    { requiredKeys: ['t', 'id', 'obs'] },
  );
  // It generates no tokens, so each is refused, or ends the connection.
  const generate = fc.record(
    {
      t: fc.constant('generate'),
      id: fc.nat(),
      prompt: fc.oneof(fc.string(), fc.array(fc.nat({ max: 9 }))),
      temperature: fc.float({ min: 0, max: 2, noNaN: true }),
      stop: fc.oneof(fc.string(), fc.array(fc.oneof(fc.string(), fc.nat()))),
      seed: fc.nat(),
    },
    { requiredKeys: ['t', 'id', 'prompt'] },
  );
  const requests = fc.oneof(
    { weight: 12, arbitrary: act },
    { weight: 2, arbitrary: generate },
    strays,
  );
  return target({
    name: `policy server of ${id}`,
    cases: fc.array(conversations(hello, hellos, requests), { minLength: 1, maxLength: 16 }),
    framesPerCase: 16,
    open: async () => {
      await loadBackend('simd', { threads: 1 });
      const agent = await Agent.create(
        tinyConfig({ env: { id }, memory: { length: 3 } }),
        process.cwd(),
      );
      const faults: unknown[] = [];
      const dir = await mkdtemp(join(tmpdir(), 'pondera-fuzz-'));
      const server = await PolicyServer.start(agent, new CheckpointStore(dir), {
        token: TOKEN,
        maxPayload: 2 ** 18,
        // Few, so that some are forgotten.
        histories: 8,
        on: (event) => event.type === 'fault' && faults.push(event.error),
      });
      const served: Served = {
        ...hello,
        port: Number(new URL(server.url).port),
        read: (message) => readMessage(reply, message),
        answers: true,
      };
      const honest = await PolicyClient.connect(server.url, { token: TOKEN });
      const env = await factory();
      const { obs: seen } = await env.reset({ seed: 3 });
      const { action } = await honest.act(seen);
      return {
        play: (given) => converseAll(given, served, faults),
        control: async () => {
          const again = await honest.act(seen);
          if (again.action !== action) throw new Violation('the policy answers otherwise');
        },
        close: async () => {
          honest.close();
          await server.close();
          await rm(dir, { recursive: true });
        },
      };
    },
  });
}
