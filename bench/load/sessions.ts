/**
 * `tsx bench/load/sessions.ts [--length n] [--prelude n] [--rounds n]`: decisions a second of an agent's session with a memory,
 * beside one without, of the same policy for CartPole-v1, by turns; the time is the processor's.
 */
import { parseArgs } from 'node:util';
import { Agent } from '../../src/agent/agent/agent.ts';
import { parseConfig } from '../../src/index.ts';
import { loadBackend, Rng } from '../../src/kernels/index.ts';
import { quantile } from '../measure.ts';

const number = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({
  options: { length: number('64'), prelude: number('0'), rounds: number('40') },
});
/** Decisions of a round, after which the other session has its turn. */
const DECISIONS = 200;
/** Until V8 has compiled what it runs. */
const WARM_UP = 15;

await loadBackend('simd', { threads: 1 });
const lengths = [0, Number(values.length)];
const prelude = Number(values.prelude);
const sessions = await Promise.all(
  lengths.map(async (length) => {
    const config = { env: { id: 'CartPole-v1' }, memory: { length, prelude } };
    const agent = await Agent.create(parseConfig({ ...config, train: { totalSteps: 1 } }), '.');
    return { session: agent.session(), observations: agent.observationSpace, begun: false };
  }),
);
const rng = Rng.seed(1, 'bench');
const all = Array.from({ length: 64 }, () => sessions[0].observations.sample(rng));
const exit = { name: 'fixed', ponderSteps: 2 } as const;
const rates: number[][] = [[], []];
for (let round = 0; round < WARM_UP + Number(values.rounds); round++) {
  for (const [i, one] of sessions.entries()) {
    const before = process.cpuUsage();
    for (let k = 0; k < DECISIONS; k++) {
      await one.session.act(all[k % all.length], { exit, reward: one.begun ? 1 : 0 });
      one.begun = true;
    }
    const { user, system } = process.cpuUsage(before);
    if (round >= WARM_UP) rates[i].push((1e6 * DECISIONS) / (user + system));
  }
}
const [without, withMemory] = rates.map((each) => quantile(each, 0.5));
process.stdout.write(
  `${JSON.stringify({
    length: lengths[1],
    prelude,
    withoutPerSecond: Math.round(without),
    withPerSecond: Math.round(withMemory),
    share: Number((withMemory / without).toFixed(3)),
  })}\n`,
);
