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
import type { PolicyBatcher } from './policy-batcher.ts';
import { policyRequest } from './policy-messages.ts';

/** Answers the messages of a connection after its handshake (docs/protocol.md, Policies). */
export function policySession(connection: Connection, thinker: PolicyBatcher): void {
  const { actionSpace } = thinker.agent;
  connection.onMessage = (message) => {
    const request = readMessage(policyRequest, message);
    if (request.t === 'close') return connection.close();
    const { id, trace } = request;
    thinker.think(request).then(
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
