import type { Space } from '../../envs/index.ts';
import {
  type Connection,
  explainSize,
  ndarray,
  readMessage,
  sizeOf,
  stack,
  WireError,
} from '../../envs/net/index.ts';
import type { Decision } from '../../rollout/index.ts';
import { stepsThought } from '../agent/thought-trace.ts';
import type { ConnectionGenerations } from './connection-generations.ts';
import type { Begin, PolicyBatcher } from './policy-batcher.ts';
import type { PolicyHistories } from './policy-histories.ts';
import { type PolicyRequest, policyRequest } from './policy-messages.ts';

/** What answers a client. */
interface Answering {
  thinker: PolicyBatcher;
  histories: PolicyHistories;
  generations: ConnectionGenerations;
}

/**
 * Answers the messages of a connection after its handshake (docs/protocol.md, Policies).
 * @param ended called where the client says that it does not come back
 */
export function policySession(
  connection: Connection,
  { thinker, histories, generations }: Answering,
  ended: () => void,
): void {
  const { actionSpace } = thinker.agent;
  connection.onMessage = (message) => {
    const request = readMessage(policyRequest, message);
    if (request.t === 'close') {
      ended();
      return connection.close();
    }
    if (request.t === 'generate') return generations.begin(request);
    if (request.t === 'cancel') return generations.cancel(request.id);
    if (request.t === 'forget') {
      for (const of of request.histories) histories.forget(of);
      return;
    }
    const { id, trace } = request;
    decisionsOn(request, thinker, histories).then(
      (decisions) => {
        const { version: policyVersion } = thinker.agent;
        const reply = { ...acted(actionSpace, decisions, trace), id, policyVersion };
        const large = explainSize(sizeOf(reply), connection.peerTakes);
        connection.send(large ? failed(id, new WireError('TOO_LARGE', large)) : reply);
      },
      (error) => {
        if (error instanceof WireError) connection.send(failed(id, error));
        else connection.fail(error);
      },
    );
  };
}

function decisionsOn(
  request: Extract<PolicyRequest, { t: 'act' }>,
  thinker: PolicyBatcher,
  histories: PolicyHistories,
): Promise<Decision[]> {
  const { id, memory } = request;
  const think = (begin?: Begin) => thinker.think(request, begin);
  if (memory === undefined) return think();
  if (thinker.agent.policy.entries) return histories.act(id, memory, think);
  return think(() => {
    throw new WireError('REFUSED', 'memory: expected none, since the policy has no memory');
  });
}

function acted(space: Space, decisions: readonly Decision[], trace = false) {
  const choices = decisions.map(({ choice }) => choice);
  const message = {
    t: 'acted',
    actions: stack(space, choices),
    steps: ndarray(Int32Array.from(decisions, ({ ponderSteps }) => ponderSteps)),
    cut: ndarray(Uint8Array.from(decisions, ({ forced }) => Number(forced))),
    thoughts: trace ? decisions.map(stepsThought) : undefined,
  };
  return message;
}

function failed(id: number, { code, message }: WireError) {
  return { t: 'failed', id, code, message };
}
