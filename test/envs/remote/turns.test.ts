import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Welcome } from '../../../src/envs/net/wire/messages.ts';
import type { Link } from '../../../src/envs/remote/link.ts';
import { Reconnector } from '../../../src/envs/remote/reconnector.ts';
import { RemoteEnvGroup } from '../../../src/envs/remote/remote-env-group.ts';
import type { TrainerSession } from '../../../src/envs/remote/trainer-session.ts';
import { EnvHost } from '../../../src/envs/server/env-host.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { CountEnv } from '../../support/count-env.ts';

const space = { type: 'discrete', n: 2, start: 0 } as const;
const limits = { maxPayload: 1000, graceMs: 60_000, heartbeatMs: 15_000 };
const env = {
  id: 'x',
  observationSpace: space,
  actionSpace: space,
  snapshots: false,
  render: false,
};
const welcome: Welcome = {
  t: 'welcome',
  v: 1,
  session: 's',
  token: 't',
  resumed: false,
  limits,
  env,
};

/** A line with so many environments, which answer when they are told to. */
async function lineOf(numEnvs: number, timeoutMs: number, beside: Reconnector[] = []) {
  const { port1, port2 } = new MessageChannel();
  const group = new RemoteEnvGroup(port2, numEnvs);
  const placed = vi.spyOn(group, 'place');
  const lost = vi.spyOn(group, 'lose');
  const seq = new Array<number>(numEnvs).fill(0);
  const link = {
    open: true,
    peerTakes: 1000,
    onClose: () => {},
    onMessage: (_: unknown) => {},
    send: () => {},
    close: () => {},
  } satisfies Link;
  const connect = async () => ({ link, welcome: { ...welcome, numEnvs } });
  const line = new Reconnector({ name: 'there', connect }, group, timeoutMs, Rng.seed(0), beside);
  beside.push(line);
  closing.push(() => {
    line.close();
    group.close();
    port1.close();
  });
  await line.begin([...seq.keys()]);
  const session: TrainerSession = placed.mock.calls[0][0];
  return {
    lost,
    ask: (...envs: number[]) => {
      for (const env of envs) seq[env]++;
      session.ask({ t: 'reset', envs, args: envs.map(() => ({})) });
    },
    answer: (env: number) => link.onMessage({ t: 'began', envs: [env], seq: [seq[env]], obs: [0] }),
  };
}

const closing: (() => void)[] = [];

describe('a limit on one answer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
    vi.useRealTimers();
  });

  it('holds for each of those that take turns', async () => {
    const { lost, ask, answer } = await lineOf(4, 1000);
    ask(0, 1, 2, 3);
    for (const env of [0, 1, 2]) {
      await vi.advanceTimersByTimeAsync(900);
      answer(env);
      // Who is asked again has to wait for those who were asked before.
      ask(env);
    }
    await vi.advanceTimersByTimeAsync(900);
    expect(lost).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(700);
    expect(lost).toHaveBeenCalledWith(expect.anything(), expect.stringMatching(/within 1000 ms/));
  });

  it('holds for one that does not answer while others do', async () => {
    const { lost, ask, answer } = await lineOf(2, 1000);
    ask(0, 1);
    for (let i = 0; i < 3; i++) {
      await vi.advanceTimersByTimeAsync(400);
      answer(0);
      ask(0);
    }
    expect(lost).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(700);
    expect(lost).toHaveBeenCalledOnce();
  });

  it('is patient with one whose place answers over another connection', async () => {
    const beside: Reconnector[] = [];
    const [first, second] = [await lineOf(1, 1000, beside), await lineOf(1, 1000, beside)];
    first.ask(0);
    second.ask(0);
    await vi.advanceTimersByTimeAsync(900);
    first.answer(0);
    await vi.advanceTimersByTimeAsync(900);
    expect(second.lost).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(700);
    expect(second.lost).toHaveBeenCalledOnce();
  });
});

describe('a host of environments that take their time', () => {
  class SlowEnv extends CountEnv {
    override reset() {
      for (const end = performance.now() + 120; performance.now() < end; );
      return super.reset();
    }
  }

  it('answers for each when it is done, and lets go of the thread between', async () => {
    const options = { id: 'Slow', timeoutMs: 1000 };
    const host = await EnvHost.create(() => new SlowEnv(9) as never, 3, options);
    const seen: string[] = [];
    const done = new Promise<void>((resolve) => {
      host.onReply = (...replies) => {
        const { envs } = replies[0] as { envs: { data: Int32Array } };
        setImmediate(() => seen.push(`after ${envs.data}`));
        if (seen.push(`${envs.data}`) > 4) resolve();
      };
    });
    const envs = Int32Array.of(0, 1, 2);
    host.handle({ t: 'reset', envs, seq: Int32Array.of(1, 1, 1) });
    // In order: what is asked meanwhile comes after.
    host.handle({ t: 'step', envs: envs.subarray(0, 1), seq: Int32Array.of(2), actions: [1] });
    await done;
    expect(seen).toEqual(
      ['0', 'after 0', '1', 'after 1', '2', 'after 2', '0'].slice(0, seen.length),
    );
    await host.close();
  });
});
