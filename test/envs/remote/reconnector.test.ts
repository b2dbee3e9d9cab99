import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Welcome } from '../../../src/envs/net/wire/messages.ts';
import type { Link } from '../../../src/envs/remote/link.ts';
import { type Connector, Reconnector } from '../../../src/envs/remote/reconnector.ts';
import { RemoteEnvGroup } from '../../../src/envs/remote/remote-env-group.ts';
import { Rng } from '../../../src/kernels/index.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.useRealTimers();
});

const space = { type: 'discrete', n: 2, start: 0 } as const;
const welcome: Welcome = {
  t: 'welcome',
  v: 1,
  session: 's',
  token: 't',
  resumed: false,
  limits: { maxPayload: 1000, graceMs: 60_000, heartbeatMs: 15_000 },
  numEnvs: 1,
  env: { id: 'x', observationSpace: space, actionSpace: space, snapshots: false, render: false },
};

class FakeLink implements Link {
  onMessage: (message: unknown) => void = () => {};
  onClose: Link['onClose'] = () => {};
  open = true;
  readonly peerTakes = 1000;
  readonly sent: object[] = [];

  send(message: object): void {
    this.sent.push(message);
  }

  close(): void {
    this.open = false;
  }
}

function lineTo(connect: Connector['connect'], timeoutMs = 1000) {
  const { port1, port2 } = new MessageChannel();
  const group = new RemoteEnvGroup(port2, 1);
  const line = new Reconnector({ name: 'there', connect }, group, timeoutMs, Rng.seed(0));
  closing.push(() => {
    line.close();
    group.close();
    port1.close();
  });
  return { line, group };
}

describe('a line', () => {
  it('ends the link to what does not fit', async () => {
    const link = new FakeLink();
    const { line } = lineTo(async () => ({ link, welcome: { ...welcome, env: undefined } }));
    await expect(line.begin([0])).rejects.toThrow(/expected env/);
    expect(link.open).toBe(false);
  });

  it('leaves a session that was resumed only after it had been given up', async () => {
    const links: FakeLink[] = [];
    let resume = () => {};
    const { line, group } = lineTo((_, session) => {
      const link = new FakeLink();
      links.push(link);
      const made = { link, welcome };
      if (!session) return Promise.resolve(made);
      return new Promise((resolve) => {
        resume = () => resolve(made);
      });
    });
    const placed = vi.spyOn(group, 'place');
    await line.begin([0]);
    // It is asked something, and cut off before it has answered.
    placed.mock.calls[0][0].ask({ t: 'reset', envs: [0], args: [{}] });
    links[0].onClose({ code: 1006, reason: '' });
    await vi.advanceTimersByTimeAsync(300);
    expect(links).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(5000);
    expect(links).toHaveLength(3);
    resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(links.map(({ open }) => open)).toEqual([true, false, true]);
    expect(links[1].sent).toEqual([{ t: 'close' }]);
  });
});
