import {
  type Behaviour,
  type Decision,
  fixed,
  type HaltingRule,
  type Observation,
  type Policy,
  Rng,
  random,
  Scheduler,
} from '../src/index.ts';
import type { Result, Row } from './case.ts';
import { truncatedGeometric } from './depths.ts';
import { kHopAgent, kHopObservations } from './k-hop.ts';
import { check, distance, interleave } from './measure.ts';

const MAX_STEPS = 6;
const MEAN = 2;
const TICKS = 60;
const ROUNDS = 9;

/** A scheduler whose slots never want for observations. */
class Busy {
  readonly scheduler: Scheduler;
  readonly #observations: readonly Observation[];
  #next = 0;
  steps = 0;
  decisions = 0;

  constructor(
    policy: Policy,
    slots: number,
    rule: HaltingRule,
    observations: readonly Observation[],
  ) {
    const behaviour = behaviourOf(rule);
    this.scheduler = new Scheduler(policy, slots, Rng.seed(0, 'bench'), () => behaviour);
    this.#observations = observations;
    this.#push(slots);
  }

  async run(ticks: number): Promise<void> {
    for (let i = 0; i < ticks; i++) {
      const decisions = await this.scheduler.tick();
      for (const { steps } of decisions) this.steps += steps;
      this.decisions += decisions.length;
      this.#push(decisions.length);
    }
  }

  #push(count: number): void {
    const { length } = this.#observations;
    const batch = Array.from({ length: count }, () => this.#observations[this.#next++ % length]);
    this.scheduler.push(batch);
  }
}

/** Cost of a ponder step in the slot-refill scheduler, with ragged depths against a fixed one. */
export async function scheduler(): Promise<Result> {
  const { policy } = await kHopAgent({ rule: 'bernoulli', maxSteps: MAX_STEPS });
  const observations = kHopObservations(256).map(({ observation }) => observation);
  const ragged = random(truncatedGeometric(MEAN, MAX_STEPS));
  await checkRagged(policy, observations, ragged);

  const rows: Row[] = [];
  for (const slots of [64, 128]) {
    const busy = {
      fixed: new Busy(policy, slots, fixed(MEAN), observations),
      ragged: new Busy(policy, slots, ragged, observations),
    };
    const ms = await interleave(
      { fixed: () => busy.fixed.run(TICKS), ragged: () => busy.ragged.run(TICKS) },
      ROUNDS,
    );
    for (const [name, { scheduler, steps, decisions }] of Object.entries(busy)) {
      const taken = ms[name as keyof typeof ms];
      // Every slot takes a step at every tick, so ticks · slots are the ponder steps of a block.
      check(scheduler.takeOccupancy() === 1, 'a slot was empty');
      rows.push({
        slots,
        depths: name,
        'mean depth': steps / decisions,
        'ms a tick': taken / TICKS,
        'decisions/s': (1000 * TICKS * slots * decisions) / steps / taken,
        'µs a ponder step': (1000 * taken) / (TICKS * slots),
        'against fixed': taken / ms.fixed,
      });
      scheduler.dispose();
    }
  }
  policy.dispose();
  return {
    title: 'Rollouts: the slot-refill scheduler',
    method:
      `Full slots, KHop-v0; ragged depths are truncated geometric in 1..${MAX_STEPS}. Median of ` +
      `${ROUNDS} interleaved blocks of ${TICKS} ticks. Checked: a ragged thought says at each step ` +
      'what the same thought says at full depth.',
    rows,
  };
}

/** Whatever its neighbours do, a thought's first n steps are those of the same thought at full depth. */
async function checkRagged(
  policy: Policy,
  observations: readonly Observation[],
  rule: HaltingRule,
): Promise<void> {
  const [ragged, whole] = await Promise.all([
    decideAll(policy, observations, rule),
    decideAll(policy, observations, fixed(MAX_STEPS)),
  ]);
  for (const [env, { steps, values, halts }] of ragged) {
    const full = whole.get(env)!;
    const off = Math.max(
      distance(values, full.values.subarray(0, steps)),
      distance(halts, full.halts.subarray(0, steps)),
    );
    check(off < 1e-4, `observation ${env}: off by ${off} in ${steps} steps`);
  }
}

async function decideAll(
  policy: Policy,
  observations: readonly Observation[],
  rule: HaltingRule,
): Promise<Map<number, Decision>> {
  const behaviour = behaviourOf(rule);
  const scheduler = new Scheduler(policy, 64, Rng.seed(1, 'bench'), () => behaviour);
  scheduler.push(observations);
  const decided = new Map<number, Decision>();
  while (scheduler.pending > 0) {
    for (const decision of await scheduler.tick()) decided.set(decision.observation.env, decision);
  }
  scheduler.dispose();
  return decided;
}

function behaviourOf(rule: HaltingRule): Behaviour {
  return { rule, minSteps: 1, maxSteps: MAX_STEPS, forced: 0, floor: 0.02, greedy: false };
}
