import type { Result } from './case.ts';
import { kHopAgent, kHopObservations } from './k-hop.ts';
import { check, distance, quantile, time } from './measure.ts';

const STEPS = 4;
const DECISIONS = 400;
const WARM_UP = 50;

/** How long one caller waits for one action. */
export async function acting(): Promise<Result> {
  const agent = await kHopAgent({ rule: 'fixed', maxSteps: STEPS });
  const observations = kHopObservations(64).map(({ obs }) => obs);

  const first = await agent.act(observations[0]);
  const again = await agent.act(observations[0]);
  check(first.thought.steps === STEPS, `${first.thought.steps} steps, not ${STEPS}`);
  check(again.action === first.action, 'another action for the same observation');
  check(
    distance(again.thought.values, first.thought.values) === 0,
    'another thought for the same observation',
  );

  const times: number[] = [];
  for (let i = 0; i < WARM_UP + DECISIONS; i++) {
    const taken = await time(() => agent.act(observations[i % observations.length]));
    if (i >= WARM_UP) times.push(taken);
  }
  agent.dispose();
  return {
    title: 'Acting: one observation',
    method:
      `\`agent.act\` on KHop-v0 (16 tokens), ${STEPS} ponder steps, ${DECISIONS} decisions one after ` +
      'another. Checked: the same observation gives the same thought.',
    rows: [
      { 'ponder steps': STEPS, 'p50 ms': quantile(times, 0.5), 'p99 ms': quantile(times, 0.99) },
    ],
  };
}
