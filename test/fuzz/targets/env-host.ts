import fc from 'fast-check';
import { codecs } from '../../../src/envs/net/wire/codec.ts';
import { envReply, envRequest, readMessage } from '../../../src/envs/net/wire/messages.ts';
import { EnvHost } from '../../../src/envs/server/env-host.ts';
import { drafts, frameOf } from '../draft.ts';
import { envRequests, numbered, strays } from '../messages.ts';
import { checkSaid, inTime, refusalOf, Tally, Violation } from '../outcome.ts';
import type { HostedSubject } from '../subjects.ts';
import { type Target, target } from '../target.ts';

/** Environments behind the protocol, without a socket: requests one after another, to one session. */
export function envHostTarget(subject: HostedSubject): Target {
  const requests = fc.oneof({ weight: 12, arbitrary: envRequests(subject) }, strays);
  const cases = fc.record({
    codec: fc.nat(1),
    requests: fc.array(drafts(requests), { minLength: 1, maxLength: 40 }),
  });
  return target({
    name: `host of ${subject.id}`,
    cases,
    framesPerCase: 20,
    open: async () => ({
      play: async ({ codec: which, requests }) => {
        const tally = new Tally();
        const codec = codecs()[which];
        const encoding = which === 1 ? 'json' : 'msgpack';
        const { id, factory, count } = subject;
        const host = await EnvHost.create(factory, count, { id, timeoutMs: 10_000 });
        const latest = new Array<number>(count).fill(0);
        let replied = 0;
        let heard = () => {};
        const hear = (reply: object) => {
          const frame = codec.encode(reply);
          const bytes = typeof frame === 'string' ? Buffer.from(frame) : frame;
          const message = readMessage(envReply, codec.decode(bytes, typeof frame !== 'string'));
          if (message.t === 'error') throw new Violation('a host sends no error');
          if (message.t === 'failed') checkSaid(message.code, message.message);
          message.envs.forEach((env, row) => {
            latest[env] = Math.max(latest[env], message.seq[row]);
          });
          replied += message.envs.length;
          tally.add(message.t === 'failed' ? message.code : 'answered', 0);
          last = message.t === 'failed' ? message.code : 'answered';
          heard();
        };
        host.onReply = (...replies) => replies.forEach(hear);
        let last = '';
        /** Until so many environments' replies have come. */
        const replies = (wanted: number) =>
          new Promise<void>((resolve) => {
            heard = () => replied >= wanted && resolve();
            heard();
          });
        for (const draft of requests) {
          const message = numbered(draft.message, (env) => latest[env] ?? 0);
          const { bytes, binary } = frameOf({ ...draft, message }, encoding);
          let asked = 0;
          const wrong = refusalOf(() => {
            const request = readMessage(envRequest, codec.decode(bytes, binary));
            if (request.t === 'close') return;
            const wanted = replied + request.envs.length;
            host.handle(request);
            asked = wanted;
          }, ['BAD_FRAME', 'BAD_MESSAGE', 'SEQUENCE']);
          if (asked > 0) await inTime(replies(asked), 'a request');
          tally.add(wrong ?? (asked > 0 ? last : 'close'));
        }
        // Whatever was refused, the numbering is the same, and every environment begins again; at the second
        // reset where a state that was restored has broken the environment.
        const all = [...latest.keys()];
        for (let i = 0; i < 2; i++) {
          const before = replied;
          host.handle({
            t: 'reset',
            envs: Float64Array.from(all),
            seq: Float64Array.from(all, (env) => latest[env] + 1),
          });
          await inTime(replies(before + count), 'a reset after everything');
        }
        if (last !== 'answered') throw new Violation(`no episode begins any more: ${last}`);
        await host.close();
        return tally;
      },
      control: async () => {},
      close: async () => {},
    }),
  });
}
