import { type Page, readMessage, WireError } from '../../envs/net/index.ts';
import type { ServedToken } from './ask-options.ts';
import type { PolicyGenerations } from './policy-generations.ts';
import { postedGenerate } from './policy-messages.ts';
import { parsed, refusedAs422 } from './post-act.ts';

/** The path of `postGenerate`. */
export const GENERATE_PATH = '/v1/generate';

/**
 * `POST /v1/generate`: a prompt as JSON, and its tokens as lines of JSON, each as soon as it is there. A generation that is cut off
 * after its first token ends with a line `{ code, message }`.
 * @param maxPosted the most bytes of a request
 */
export function postGenerate(generations: PolicyGenerations, maxPosted: number): Page {
  return {
    ...{ path: GENERATE_PATH, method: 'POST', maxPosted },
    body: ({ posted }) =>
      refusedAs422(async () => {
        const tokens = generations.tokens(readMessage(postedGenerate, parsed(posted, 'prompt')));
        // What is refused has a status.
        const first = await tokens.next();
        return { type: 'application/x-ndjson', data: linesOf(first, tokens) };
      }),
  };
}

async function* linesOf(
  first: IteratorResult<ServedToken, void>,
  tokens: AsyncGenerator<ServedToken, void>,
): AsyncGenerator<string, void, undefined> {
  try {
    for (let next = first; !next.done; next = await tokens.next()) yield lineOf(next.value);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    yield lineOf({ code: error.code, message: error.message });
  } finally {
    await tokens.return();
  }
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
