import { explainMask, flatMask, type MaskRow } from '../../envs/index.ts';
import { BatchError, countOf, rowOf, unstack, WireError } from '../../envs/net/index.ts';
import type { Agent } from '../agent/agent.ts';
import type { Recalled } from '../agent/agent-memory.ts';
import type { PolicyRequest, PostedAct } from './policy-messages.ts';

/** A client's `act`, without the fields that only its connection needs. */
export type ActRequest = Omit<Extract<PolicyRequest, { t: 'act' }>, 't' | 'id'>;
/** How a client wants its thoughts to end and its actions to be chosen. */
export type Asked = Omit<ActRequest, 'obs' | 'actionMask' | 'memory'>;

/** The observations of a request, and their masks, if it has masks [k]. */
export interface Observed {
  obs: unknown[];
  masks: (MaskRow | undefined)[];
}

/**
 * Reads the observations of a request.
 * @param most the most observations
 * @throws WireError REFUSED where they, or their masks, do not fit the agent's spaces
 */
export function observed(agent: Agent, { obs, actionMask }: ActRequest, most: number): Observed {
  const count = countOf(agent.observationSpace, obs) ?? 1;
  if (count < 1 || count > most) {
    throw new WireError('REFUSED', `obs: expected 1 to ${most} observations, got ${count}`);
  }
  const values = valuesOf(agent, obs, count);
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
  return { obs: values, masks };
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
  { obs, memory, reward = 0 }: PostedAct,
): Recalled | undefined {
  try {
    return agent.remembering.recall(obs, memory ?? undefined, reward, 'act');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new WireError('REFUSED', error.message.replace(/^act: /, ''));
  }
}

function valuesOf({ observationSpace }: Agent, obs: unknown, count: number): unknown[] {
  try {
    return unstack(observationSpace, obs, count);
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    throw new WireError('REFUSED', `obs: ${error.message}`);
  }
}
