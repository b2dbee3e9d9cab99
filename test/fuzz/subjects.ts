import { type EnvFactory, makeEnv } from '../../src/envs/index.ts';
import { stack } from '../../src/envs/net/wire/batch.ts';
import { bytesOf, dtypeWritten, isNdArray } from '../../src/envs/net/wire/ndarray.ts';
import { EnvHost } from '../../src/envs/server/env-host.ts';
import { Rng } from '../../src/kernels/index.ts';
import { arrayMap } from './bytes.ts';
import type { Subject } from './messages.ts';

export interface HostedSubject extends Subject {
  id: string;
  factory: EnvFactory;
}

export async function subjectOf(id: string, count = 2): Promise<HostedSubject> {
  const factory = () => makeEnv(id);
  const env = factory();
  const { obs, info } = await env.reset({ seed: 1 });
  const action = env.actionSpace.sample(Rng.seed(1), info.actionMask);
  const host = await EnvHost.create(factory, 1, { id, timeoutMs: 10_000 });
  await host.close();
  return {
    id,
    factory,
    count,
    description: host.description,
    action: onWire(stack(env.actionSpace, [action])),
    obs: onWire(stack(env.observationSpace, [obs])),
    state: (await env.snapshot?.()) ?? null,
  };
}

/** Arrays as the maps that travel. */
export function onWire(value: unknown): unknown {
  if (isNdArray(value)) return arrayMap(dtypeWritten(value), value.shape, bytesOf(value));
  if (Array.isArray(value)) return value.map(onWire);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, onWire(part)]));
}
