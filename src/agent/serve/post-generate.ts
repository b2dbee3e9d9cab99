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
 * @param maxPosted the most bytes of a request, and of a line of the answer
 */
export function postGenerate(generations: PolicyGenerations, maxPosted: number): Page {
  return {
    ...{ path: GENERATE_PATH, method: 'POST', maxPosted },
    body: ({ posted }) =>
      refusedAs422(async () => {
        const asked = readMessage(postedGenerate, parsed(posted, 'prompt'));
        const lines = linesOf(generations.tokens(asked), maxPosted);
        // What is refused has a status.
        const first = await lines.next();
        return { type: 'application/x-ndjson', data: orReason(first, lines) };
      }),
  };
}

type Lines = AsyncGenerator<string, void, undefined>;

/** Tokens as lines. @throws WireError TOO_LARGE where one has too large a thought */
async function* linesOf(tokens: AsyncIterable<ServedToken>, most: number): Lines {
  for await (const token of tokens) {
    const line = lineOf(token);
    const { length } = Buffer.from(line);
    if (length > most) {
      const message = `expected a line of at most ${most} bytes (maxPayload), got ${length}`;
      throw new WireError('TOO_LARGE', `${message}; ask without trace`);
    }
    yield line;
  }
}

/** The first line and the rest, or in place of what is missing the reason. */
async function* orReason(first: IteratorResult<string, void>, lines: Lines): Lines {
  try {
    if (first.value !== undefined) yield first.value;
    yield* lines;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    yield lineOf({ code: error.code, message: error.message });
  } finally {
    await lines.return();
  }
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
