import { explainMask, flatMask, type MaskRow } from '../../envs/index.ts';
import {
  BatchError,
  countOf,
  rowOf,
  unstack,
  unstackEarlier,
  WireError,
} from '../../envs/net/index.ts';
import { explainEarlier } from '../../envs/spaces/index.ts';
import type { Agent } from '../agent/agent.ts';
import type { Recalled } from '../agent/agent-memory.ts';
import type { PolicyRequest, PostedAct } from './policy-messages.ts';

/** A client's `act`, without the fields that only its connection needs. */
export type ActRequest = Omit<Extract<PolicyRequest, { t: 'act' }>, 't' | 'id'>;
/** How a client wants its thoughts to end and its actions to be chosen. */
export type Asked = Omit<ActRequest, 'obs' | 'actionMask' | 'earlier' | 'memory'>;

/** The observations of a request [k]. */
export interface Observed {
  obs: unknown[];
  /** Their masks, where it has masks. */
  masks: (MaskRow | undefined)[];
  /** The observations before each that asked for no action; undefined where none came before any. */
  earlier?: unknown[][];
}

/**
 * Reads the observations of a request.
 * @param most the most observations
 * @throws WireError REFUSED where they, earlier ones or masks do not fit the agent's spaces
 */
export function observed(
  agent: Agent,
  { obs, actionMask, earlier }: ActRequest,
  most: number,
): Observed {
  const count = countOf(agent.observationSpace, obs) ?? 1;
  if (count < 1 || count > most) {
    throw new WireError('REFUSED', `obs: expected 1 to ${most} observations, got ${count}`);
  }
  const values = unstacked('obs', () => unstack(agent.observationSpace, obs, count));
  if (actionMask && actionMask.shape[0] !== count) {
    const rows = `actionMask: expected ${count} rows, one for each observation`;
    throw new WireError('REFUSED', `${rows}, got ${actionMask.shape[0]}`);
  }
  const masks = values.map((value, i) => {
    const mask = actionMask && rowOf(actionMask, i);
    const problem =
      agent.explain(value) ?? (mask && explainMask(agent.actionSpace, mask, 'actionMask'));
    if (problem !== undefined) throw new WireError('REFUSED', `value ${i}: ${problem}`);
    return mask;
  });
  return { obs: values, masks, earlier: earlier && earlierOf(agent, earlier, count) };
}

function earlierOf(
  { observationSpace }: Agent,
  earlier: NonNullable<ActRequest['earlier']>,
  count: number,
): unknown[][] {
  if (earlier.length !== count) {
    const expected = `expected ${count} batches or null, one for each observation`;
    throw new WireError('REFUSED', `earlier: ${expected}, got ${earlier.length}`);
  }
  return earlier.map((batch, i) => {
    const where = `earlier[${i}]`;
    const values = unstacked(where, () => unstackEarlier(observationSpace, batch)) ?? [];
    const problem = explainEarlier(observationSpace, values, where);
    if (problem !== undefined) throw new WireError('REFUSED', problem);
    return values;
  });
}

/** Reads the one observation of a POST. @throws WireError REFUSED as `observed` does */
export function observedOne(agent: Agent, { obs, mask }: PostedAct): Observed {
  const masked = mask !== undefined && mask !== null;
  const problem =
    agent.explain(obs) ?? (masked ? explainMask(agent.actionSpace, mask, 'mask') : undefined);
  if (problem !== undefined) throw new WireError('REFUSED', problem);
  return { obs: [obs], masks: [masked ? flatMask(agent.actionSpace, mask) : undefined] };
}

/**
 * What the client of a POST remembers of the observation's episode; undefined where the policy has no memory.
 * @throws WireError REFUSED where it does not fit
 */
export function recalledOf(
  agent: Agent,
  { obs, memory, ...before }: PostedAct,
): Recalled | undefined {
  try {
    return agent.remembering.recall(obs, { memory: memory ?? undefined, ...before }, 'act');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new WireError('REFUSED', error.message.replace(/^act: /, ''));
  }
}

/** What `read` gives of a batch. @param where its name in messages */
function unstacked<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    throw new WireError('REFUSED', `${where}: ${error.message}`);
  }
}
