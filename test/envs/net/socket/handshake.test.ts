import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../../../src/envs/net/socket/connection.ts';
import { awaitHello } from '../../../../src/envs/net/socket/handshake.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const hello = { t: 'hello', v: 1, role: 'trainer', client: 'test' };

function awaiting() {
  const connection = { fail: vi.fn(), trust: vi.fn() } as Partial<Connection> as Connection;
  const welcomed = vi.fn();
  awaitHello(connection, 'trainer', welcomed);
  // Only its setter is public.
  const say = (connection as unknown as { onMessage: (message: unknown) => void }).onMessage;
  return { connection, welcomed, say };
}

describe('whoever accepts', () => {
  it('waits five seconds for hello', () => {
    const { connection } = awaiting();
    vi.advanceTimersByTime(4999);
    expect(connection.fail).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(connection.fail).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'HELLO_TIMEOUT' }),
    );
  });

  it('waits no longer once it has come, or the connection has gone', () => {
    const [greeted, gone] = [awaiting(), awaiting()];
    greeted.say(hello);
    gone.connection.onClose({ code: 1006, reason: '' });
    vi.advanceTimersByTime(60_000);
    expect(greeted.welcomed).toHaveBeenCalledOnce();
    expect(greeted.connection.fail).not.toHaveBeenCalled();
    expect(gone.connection.fail).not.toHaveBeenCalled();
  });

  it('allows large frames after its welcome, not before', async () => {
    const { connection, welcomed, say } = awaiting();
    let welcome = () => {};
    welcomed.mockReturnValue(
      new Promise<void>((resolve) => {
        welcome = resolve;
      }),
    );
    say(hello);
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.trust).not.toHaveBeenCalled();
    welcome();
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.trust).toHaveBeenCalledOnce();
  });
});
