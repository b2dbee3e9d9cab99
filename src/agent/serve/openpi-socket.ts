import type { WebSocket } from 'ws';
import type { AnySpace, Space } from '../../envs/index.ts';
import {
  asWireError,
  type Batch,
  isNdArray,
  msgpackCodec,
  type NdArray,
  stack,
  WireError,
} from '../../envs/net/index.ts';
import { encodeOpenpi } from './encode-openpi.ts';
import type { PolicyBatcher } from './policy-batcher.ts';

/**
 * Speaks openpi's protocol: it sends metadata first; then each binary frame is an observation, and the answer an action.
 * An error is a text frame, after which the connection ends with 1011.
 * @param onFault receives errors that are not the client's fault
 */
export function openpiSocket(
  socket: WebSocket,
  thinker: PolicyBatcher,
  metadata: Record<string, unknown>,
  onFault: (error: unknown) => void,
): void {
  const codec = msgpackCodec();
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let total: number | undefined;

  const answer = async (frame: Uint8Array, binary: boolean): Promise<void> => {
    const since = performance.now();
    const { agent } = thinker;
    const obs = observation(agent.observationSpace, codec.decode(frame, binary));
    const [{ choice, ponderSteps }] = await thinker.think({ obs });
    const { shape, ...array } = stack(agent.actionSpace, [choice]) as NdArray;
    const timing = { infer_ms: performance.now() - since };
    const reply = encodeOpenpi({
      actions: { ...array, shape: shape.slice(1) },
      steps: ponderSteps,
      policy_version: agent.version,
      server_timing: total === undefined ? timing : { ...timing, prev_total_ms: total },
    });
    // It reads no more from a client that does not read.
    await new Promise((sent) => socket.send(reply, sent));
    total = performance.now() - since;
  };
  const fail = (error: unknown): void => {
    if (!(error instanceof WireError)) onFault(error);
    const { code, message } = asWireError(error);
    socket.send(`${code}: ${message}`);
    socket.close(1011, code);
  };

  socket.on('error', () => {});
  socket.on('message', (data, binary) => {
    socket.pause();
    waiting++;
    last = last
      .then(() => (socket.readyState === socket.OPEN ? answer(data as Buffer, binary) : undefined))
      .catch(fail)
      .finally(() => {
        if (--waiting === 0) socket.resume();
      });
  });
  socket.send(encodeOpenpi(metadata));
}

/** A batch of the one observation that a dict of openpi's holds. */
function observation(space: Space, message: unknown): Batch {
  const known = space as AnySpace;
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new WireError('REFUSED', 'observation: expected a dict');
  }
  if (known.type === 'dict') return batchOfOne(known, message);
  const dict = message as Record<string, unknown>;
  const arrays = Object.values(dict).filter(isNdArray);
  const value = dict.observation ?? dict.obs ?? (arrays.length === 1 ? arrays[0] : undefined);
  if (value !== undefined) return batchOfOne(known, value);
  const keys = Object.keys(dict).join(', ');
  throw new WireError(
    'REFUSED',
    `observation: expected the key observation or obs, or a single array, got ${keys || 'nothing'}`,
  );
}

function batchOfOne(space: AnySpace, value: unknown): Batch {
  const parts = Object(value) as Record<string, unknown>;
  if (space.type === 'dict') {
    // Others, such as a prompt, are for other policies.
    const entries = [...space.spaces].filter(([key]) => Object.hasOwn(parts, key));
    return Object.fromEntries(
      entries.map(([key, part]) => [key, batchOfOne(part as AnySpace, parts[key])]),
    );
  }
  if (space.type === 'tuple' && Array.isArray(value) && value.length === space.spaces.length) {
    return space.spaces.map((part, i) => batchOfOne(part as AnySpace, value[i]));
  }
  if (isNdArray(value)) return { ...value, shape: [1, ...value.shape] };
  // A NumPy scalar, or plain data.
  return [parts.__npgeneric__ ? parts.data : value];
}
