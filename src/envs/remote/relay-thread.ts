import { parentPort } from 'node:worker_threads';
import { Rng } from '../../kernels/index.ts';
import { dialConnector } from './dial-connector.ts';
import { Listener } from './listener.ts';
import { type Connector, Reconnector } from './reconnector.ts';
import type { OpenGroup } from './relay.ts';
import { RemoteEnvGroup } from './remote-env-group.ts';
import { threadConnector } from './thread-connector.ts';

/** Listeners by address. They stay after their groups, so that connected environments stay. */
const listeners = new Map<string, Promise<Listener>>();

async function open({ source, count, timeoutMs, seed, port }: OpenGroup): Promise<void> {
  const group = new RemoteEnvGroup(port, count);
  if ('listen' in source) {
    const { host, port: number, token } = source.listen;
    const key = `${host}:${number}`;
    const listening = listeners.get(key) ?? Listener.listen({ host, port: number, token });
    listeners.set(key, listening);
    let listener: Listener | undefined;
    port.once('close', () => (listener ? listener.remove(group) : group.close()));
    try {
      listener = await listening;
      port.postMessage({ t: 'listening', url: listener.url });
      group.open();
      listener.add(group, timeoutMs);
    } catch (error) {
      listeners.delete(key);
      group.fail((error as Error).message);
    }
    return;
  }
  const lines: Reconnector[] = [];
  port.once('close', () => {
    for (const line of lines) line.close();
    group.close();
  });
  const parts =
    'urls' in source
      ? source.urls.map((url): Connector => dialConnector(url, timeoutMs, source.token))
      : Array.from({ length: Math.min(source.workers, count) }, (_, i) =>
          threadConnector({ ...source.env, timeoutMs }, i),
        );
  const most = 'urls' in source ? source.frame : Infinity;
  try {
    await Promise.all(
      shares(count, parts.length).map(async (seats, i) => {
        const beside: Reconnector[] = [];
        let left = seats;
        while (left.length > 0) {
          const rng = Rng.seed(seed, 'line', i, left[0]);
          const line = new Reconnector(parts[i], group, timeoutMs, rng, beside);
          lines.push(line);
          beside.push(line);
          left = left.slice(await line.begin(left.slice(0, most)));
        }
      }),
    );
    group.open();
  } catch (error) {
    for (const line of lines) line.close();
    group.fail((error as Error).message);
  }
}

/** Divides the seats 0..count−1 into even runs. */
function shares(count: number, parts: number): number[][] {
  return Array.from({ length: parts }, (_, i) => {
    const begin = Math.floor((i * count) / parts);
    const end = Math.floor(((i + 1) * count) / parts);
    return Array.from({ length: end - begin }, (_, seat) => begin + seat);
  });
}

parentPort!.on('message', (group: OpenGroup) => void open(group));
