import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { z } from 'zod';
import { answer, envRequest, readMessage } from '../../../src/envs/net/wire/messages.ts';
import { Listener } from '../../../src/envs/remote/listener.ts';
import {
  type GroupReply,
  type GroupRequest,
  RemoteEnvGroup,
} from '../../../src/envs/remote/remote-env-group.ts';
import { dialTrainer } from '../../../src/envs/server/dial-trainer.ts';
import { conversations, converseAll, type Served } from '../conversation.ts';
import { envHellos, envReplies, strays } from '../messages.ts';
import { inTime, Violation } from '../outcome.ts';
import type { HostedSubject } from '../subjects.ts';
import { type Target, target } from '../target.ts';

const PATH = '/v1/trainer';
const TOKEN = 'correct-horse';
const reply = z.union([answer, envRequest]);
/** Seats: the first is the honest environment's, hostile ones take the others. */
const SEATS = 8;

/** A trainer that listens, over sockets: hostile environments that dial in, beside an honest one. */
export function listenerTarget(subject: HostedSubject): Target {
  const hello = { path: PATH, token: TOKEN };
  const replies = fc.oneof({ weight: 12, arbitrary: envReplies(subject) }, strays);
  const hellos = envHellos(subject);
  return target({
    name: `trainer that listens for ${subject.id}`,
    cases: fc.array(conversations(hello, hellos, replies), { minLength: 1, maxLength: 16 }),
    framesPerCase: 16,
    open: async () => {
      const faults: unknown[] = [];
      const listener = await Listener.listen({
        token: TOKEN,
        maxPayload: 2 ** 18,
        onFault: (error) => faults.push(error),
      });
      const { port1, port2 } = new MessageChannel();
      const group = new RemoteEnvGroup(port2, SEATS);
      group.open();
      listener.add(group, 10_000);
      const leave = new AbortController();
      const { id, factory } = subject;
      const { signal } = leave;
      const ready = once(port1, 'message');
      const gone = dialTrainer(listener.url, factory, { id, token: TOKEN, signal });
      await inTime(ready, 'that an environment has come');
      let honest = (_: GroupReply) => {};
      const reset = (seat: number) =>
        port1.postMessage({ t: 'reset', seats: [seat], args: [{}] } satisfies GroupRequest);
      port1.on('message', (reply: GroupReply) => {
        if (reply.t === 'broken') faults.push(new Violation(reply.message));
        if (reply.t !== 'answer' && reply.t !== 'lost') return;
        // The other seats always want an episode.
        for (const seat of reply.seats) seat === 0 ? honest(reply) : seat > 0 && reset(seat);
      });
      for (let seat = 1; seat < SEATS; seat++) reset(seat);
      const served: Served = {
        ...hello,
        port: Number(new URL(listener.url).port),
        read: (message) => readMessage(reply, message),
        answers: false,
      };
      return {
        play: (given) => converseAll(given, served, faults),
        control: async () => {
          const answered = new Promise<GroupReply>((resolve) => {
            honest = resolve;
          });
          reset(0);
          const reply = await inTime(answered, 'of the honest environment');
          if (reply.t !== 'answer' || reply.answer.t !== 'began') {
            throw new Violation('the honest environment has lost its seat');
          }
        },
        close: async () => {
          leave.abort();
          await gone;
          listener.remove(group);
          port1.close();
          await listener.close();
        },
      };
    },
  });
}
