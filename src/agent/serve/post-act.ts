import { valueAsJson } from '../../envs/index.ts';
import {
  jsonAnswer,
  jsonCodec,
  type Page,
  type PageAnswer,
  readMessage,
  WireError,
} from '../../envs/net/index.ts';
import { stepsThought } from '../agent/thought-trace.ts';
import type { PolicyBatcher } from './policy-batcher.ts';
import { type PostedReply, postedAct } from './policy-messages.ts';

/** The path of `postAct`. */
export const ACT_PATH = '/v1/act';

/**
 * `POST /v1/act`: an observation as plain JSON, and its action. It has no session: where the policy has a memory, the client
 * keeps it and sends it along. Its thought shares the batch with those of sockets.
 * @param maxPosted the most bytes of a request
 */
export function postAct(thinker: PolicyBatcher, maxPosted: number): Page {
  return {
    ...{ path: ACT_PATH, method: 'POST', maxPosted },
    body: ({ posted }) => refusedAs422(() => answered(thinker, posted)),
  };
}

/** An answer, or the status 422 where it is refused: to people who use HTTP, 409 is another fault. */
export async function refusedAs422(answer: () => Promise<PageAnswer>): Promise<PageAnswer> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof WireError) || error.code !== 'REFUSED') throw error;
    return jsonAnswer({ code: error.code, message: error.message }, 422);
  }
}

async function answered(thinker: PolicyBatcher, posted: string): Promise<PageAnswer> {
  const question = readMessage(postedAct, parsed(posted, 'obs'));
  const { decision, memory } = await thinker.thinkOne(question);
  const { agent } = thinker;
  const reply: PostedReply = {
    action: valueAsJson(agent.actionSpace, decision.choice),
    ponderSteps: decision.ponderSteps,
    cut: decision.forced,
    policyVersion: agent.version,
    ...(question.trace && { thought: stepsThought(decision) }),
    ...(memory && { memory }),
  };
  return jsonAnswer(reply);
}

const codec = jsonCodec();

/** Reads a body. @param field that it must have, for messages @throws WireError BAD_MESSAGE */
export function parsed(posted: string, field: string): unknown {
  try {
    return codec.decode(Buffer.from(posted), false);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const message = error.message.replace(/^frame/, 'body');
    throw new WireError('BAD_MESSAGE', `${message}; expected a JSON object with ${field}`);
  }
}
