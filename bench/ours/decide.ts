/** Decisions of the reference policy: one at a time by `act`, or a batch by `decide`. */
import { readFileSync } from 'node:fs';
import { from, lastValueFrom, toArray } from 'rxjs';
import { decodeSafetensors } from '../../src/agent/run/index.ts';
import type { Act } from '../../src/index.ts';
import { referenceAgent } from '../reference.ts';
import { repeated, serve, start } from './serve.ts';

/** Enough for V8 to have compiled what it runs. */
const WARM_UP = 2000;

const { data, batch } = await start();
const { observations, ...weights } = decodeSafetensors(readFileSync(data)).tensors;
const agent = await referenceAgent();
agent.policy.parameters.write(weights);
const [count, size] = observations.shape;
const all = Array.from({ length: count }, (_, i) =>
  Int32Array.from(observations.data.subarray(i * size, (i + 1) * size)),
);

async function one(i: number): Promise<Act> {
  return agent.act(all[i % count]);
}

async function many(): Promise<Act[]> {
  const acts = await lastValueFrom(agent.decide(from(all)).pipe(toArray()));
  return acts.sort((a, b) => a.index - b.index);
}

const alone = Number(batch) === 1;
const acts = alone ? await Promise.all(all.map((_, i) => one(i))) : await many();
let next = 0;
const work = alone ? () => one(next++) : many;
for (let i = 0; i < WARM_UP / Number(batch); i++) await work();
await serve(
  {
    actions: acts.flatMap(({ thought }) => thought.actions.flat()),
    values: acts.flatMap(({ thought }) => thought.values),
    halts: acts.flatMap(({ thought }) => thought.halts),
  },
  repeated(work),
);
