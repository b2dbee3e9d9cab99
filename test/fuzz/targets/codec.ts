import fc from 'fast-check';
import { policyReply, policyRequest } from '../../../src/agent/serve/policy-messages.ts';
import { codecs } from '../../../src/envs/net/wire/codec.ts';
import {
  answer,
  envReply,
  envRequest,
  opening,
  readMessage,
} from '../../../src/envs/net/wire/messages.ts';
import { isNdArray } from '../../../src/envs/net/wire/ndarray.ts';
import { drafts, frameOf } from '../draft.ts';
import {
  envHellos,
  envReplies,
  envRequests,
  strays,
  trainerHellos,
  welcomes,
} from '../messages.ts';
import { HALF, refusalOf, Tally, Violation } from '../outcome.ts';
import type { HostedSubject } from '../subjects.ts';
import { type Target, target } from '../target.ts';

const schemas = { opening, answer, envRequest, envReply, policyRequest, policyReply };
type Kind = keyof typeof schemas;

/** The readers of frames and messages alone: every message there is, in both encodings. */
export function codecTarget(subject: HostedSubject): Target {
  const kinds: [Kind, fc.Arbitrary<unknown>][] = [
    ['opening', trainerHellos],
    ['opening', envHellos(subject)],
    ['answer', welcomes(subject)],
    ['envRequest', envRequests(subject)],
    ['envReply', envReplies(subject)],
    ['policyRequest', strays],
    ['policyReply', strays],
  ];
  const frames = fc.oneof(
    ...kinds.map(([kind, messages]) =>
      fc.record({ kind: fc.constant(kind), draft: drafts(messages) }),
    ),
  );
  const cases = fc.array(frames, { minLength: 1, maxLength: 40 });
  return target({
    name: `readers of ${subject.id}`,
    cases,
    framesPerCase: 40,
    open: async () => ({
      play: async (given) => {
        const tally = new Tally();
        for (const { kind, draft } of given) {
          for (const codec of codecs()) {
            const encoding = codec.subprotocol.endsWith('json') ? 'json' : 'msgpack';
            const { bytes, binary } = frameOf(draft, encoding);
            let message: unknown;
            const broken = refusalOf(() => {
              message = codec.decode(bytes, binary);
            }, ['BAD_FRAME']);
            if (broken === undefined) checkPlain(message, encoding === 'msgpack');
            const wrong =
              broken ?? refusalOf(() => readMessage(schemas[kind], message), ['BAD_MESSAGE']);
            tally.add(wrong ?? 'understood');
          }
        }
        return tally;
      },
      control: async () => {},
      close: async () => {},
    }),
  });
}

/** What is read is plain data whose arrays are what they say, whatever was written. */
function checkPlain(value: unknown, whole: boolean): void {
  if (typeof value === 'string' && whole && HALF.test(value)) {
    throw new Violation(`a string that is no UTF-8 was understood: ${JSON.stringify(value)}`);
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (isNdArray(value)) {
    const size = value.shape.reduce((product, n) => product * n, 1);
    if (value.data.length === size) return;
    throw new Violation(`an array [${value.shape}] of ${value.data.length} entries`);
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) {
    throw new Violation('an object with a prototype from the wire');
  }
  for (const part of Object.values(value)) checkPlain(part, whole);
}
