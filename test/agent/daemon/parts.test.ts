import { existsSync } from 'node:fs';
import { chmod, readFile, rename, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { RunError } from '../../../src/agent/common/errors.ts';
import { awaitUnlocked } from '../../../src/agent/daemon/await-unlocked.ts';
import { DaemonClient } from '../../../src/agent/daemon/client.ts';
import { writeDaemonFile } from '../../../src/agent/daemon/daemon-file.ts';
import { DaemonMetrics } from '../../../src/agent/daemon/daemon-metrics.ts';
import { followEvents } from '../../../src/agent/daemon/follow-events.ts';
import { openLog } from '../../../src/agent/daemon/log.ts';
import { Notifier } from '../../../src/agent/daemon/notify.ts';
import { invalidView } from '../../../src/agent/daemon/run-status.ts';
import type { LoggedEvent } from '../../../src/agent/events/events-log.ts';
import { takeLock } from '../../../src/agent/run/index.ts';
import { cleanUp, folder, until } from '../../support/daemon-folder.ts';

afterEach(cleanUp);
afterEach(() => vi.unstubAllEnvs());

/** A server of somebody else's. */
async function listening(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}`, close };
}

describe('daemon.json', () => {
  it('is for its own user’s eyes', async () => {
    const dir = await folder();
    await writeDaemonFile(dir, {
      id: 'a',
      pid: 1,
      url: 'http://127.0.0.1:1',
      token: 'secret-token',
    });
    expect((await stat(join(dir, 'daemon.json'))).mode & 0o777).toBe(0o600);
  });

  it('of a daemon that was killed leads nowhere', async () => {
    const dir = await folder();
    expect(await DaemonClient.find(dir)).toBeUndefined();
    const gone = await listening(() => {});
    await gone.close();
    await writeDaemonFile(dir, { id: 'a', pid: 1, url: gone.url, token: 'secret-token' });
    expect(await DaemonClient.find(dir)).toBeUndefined();
  });

  it('that is damaged is named', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'daemon.json'), '{"pid":');
    const found = DaemonClient.find(dir);
    await expect(found).rejects.toThrow(RunError);
    await expect(found).rejects.toThrow(
      `${join(dir, 'daemon.json')}: expected the file that a daemon writes`,
    );
  });

  it('shows its token to nobody else who listens there now', async () => {
    const dir = await folder();
    const asked: (string | undefined)[] = [];
    const { url, close } = await listening(({ headers }, response) => {
      asked.push(headers.authorization);
      response.end('{"status":"healthy","pid":1,"id":"b"}');
    });
    onTestFinished(close);
    await writeDaemonFile(dir, { id: 'a', pid: 1, url, token: 'secret-token' });
    expect(await DaemonClient.find(dir)).toBeUndefined();
    expect(asked).toEqual([undefined]);
  });
});

describe('a run directory', () => {
  it('is waited for until no process trains in it', async () => {
    const dir = await folder();
    const lock = await takeLock(join(dir, 'run.lock'));
    const never = new AbortController().signal;
    const holder = await new Promise((waiting) => {
      void awaitUnlocked(dir, waiting, never).then(() => waiting('free'));
    });
    expect(holder).toBe(`process ${process.pid}`);
    const free = awaitUnlocked(dir, () => {}, never);
    await lock.release();
    await free;
  });

  it('is waited for no longer than is wanted', async () => {
    const dir = await folder();
    await takeLock(join(dir, 'run.lock'));
    const ending = new AbortController();
    const waiting = awaitUnlocked(dir, () => ending.abort(), ending.signal);
    await expect(waiting).rejects.toThrow(/abort/);
  });
});

describe('the log', () => {
  it('goes on in a file of its name once that was moved away', async () => {
    const path = join(await folder(), 'daemon.log');
    const { log, reopen } = openLog('info', path);
    log.debug('unheard');
    log.info({ run: 'a' }, 'before');
    await rename(path, `${path}.1`);
    reopen();
    log.warn('after');
    const read = async (file: string) => JSON.parse(await readFile(file, 'utf8'));
    expect(await read(`${path}.1`)).toMatchObject({ level: 30, run: 'a', msg: 'before' });
    expect(await read(path)).toMatchObject({ level: 40, msg: 'after' });
  });
});

describe.skipIf(!existsSync('/dev/full'))('a full disk', () => {
  it('loses lines of a log, which goes on once there is room', async () => {
    const dir = await folder();
    const [path, roomy] = [join(dir, 'daemon.log'), join(dir, 'roomy.log')];
    await symlink('/dev/full', path);
    const { log, reopen } = openLog('info', path);
    log.info('unwritten');
    await unlink(path);
    await symlink(roomy, path);
    reopen();
    log.info('written');
    const lines = (await readFile(roomy, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg).at(-1)).toBe('written');
  });
});

describe('systemd', () => {
  /** Notes what it is told in a file. */
  async function tool(program: string): Promise<{ calls: () => Promise<string> }> {
    const dir = await folder();
    await writeFile(join(dir, 'systemd-notify'), `#!/bin/sh\n${program.replaceAll('DIR', dir)}\n`);
    await chmod(join(dir, 'systemd-notify'), 0o755);
    vi.stubEnv('PATH', `${dir}${delimiter}${process.env.PATH}`);
    vi.stubEnv('NOTIFY_SOCKET', '/run/systemd/notify');
    return { calls: () => readFile(join(dir, 'told'), 'utf8').catch(() => '') };
  }

  it('is told that the daemon is ready, lives and ends', async () => {
    const { calls } = await tool('echo "$@" >> DIR/told');
    vi.stubEnv('WATCHDOG_USEC', '20000');
    const notifier = new Notifier(() => {});
    notifier.ready();
    await until(async () => /READY=1\n.*WATCHDOG=1\n.*WATCHDOG=1\n/s.test(await calls()));
    notifier.stopping();
    await until(async () => (await calls()).includes(`--pid=${process.pid} STOPPING=1`));
    notifier.close();
  });

  it('is told nothing more where its tool fails, which is said once', async () => {
    await tool('exit 1');
    const messages: string[] = [];
    const notifier = new Notifier((message) => messages.push(message));
    notifier.ready();
    notifier.stopping();
    await until(() => messages.length > 0);
    notifier.stopping();
    expect(messages).toEqual([expect.stringContaining('systemd-notify')]);
  });
});

describe('what happened in a run', () => {
  it('is told to its end, and from there on', async () => {
    const dir = await folder();
    const line = (update: number) =>
      `${JSON.stringify({ time: '2026-01-01T00:00:00Z', type: 'alarm', update })}\n`;
    const path = join(dir, 'events.jsonl');
    await writeFile(path, line(1));
    const once: LoggedEvent[] = [];
    await followEvents(dir, (event) => once.push(event));
    expect(once).toMatchObject([{ update: 1 }]);
    const ending = new AbortController();
    const events: LoggedEvent[] = [];
    const following = followEvents(dir, (event) => events.push(event), ending.signal);
    await until(() => events.length === 1);
    await writeFile(path, line(2), { flag: 'a' });
    await until(() => events.length === 2);
    ending.abort();
    await following;
    expect(events).toMatchObject([{ update: 1 }, { update: 2 }]);
  });
});

describe('the metrics', () => {
  it('show as many runs as can be scraped, and count them all', async () => {
    const metrics = new DaemonMetrics();
    const views = Array.from({ length: 250 }, (_, i) => {
      return { ...invalidView(`run-${i}`, ''), state: 'done' as const, update: i };
    });
    const text = await metrics.text([...views, invalidView('bad.yaml', 'x')]);
    expect(text.match(/^pondera_run_updates\{/gm)).toHaveLength(200);
    expect(text).toContain('pondera_run_updates{run="run-249"} 249');
    expect(text).toContain('pondera_runs{state="done"} 250');
    expect(text).not.toContain('bad.yaml');
    expect(await metrics.text([])).not.toContain('run-249');
  });
});
