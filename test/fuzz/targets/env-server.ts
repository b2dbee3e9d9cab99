import fc from 'fast-check';
import { z } from 'zod';
import { answer, envReply, readMessage } from '../../../src/envs/net/wire/messages.ts';
import { EnvServer } from '../../../src/envs/server/env-server.ts';
import { Control } from '../control.ts';
import {
  type Conversation,
  conversations,
  converseAll,
  openings,
  type Served,
} from '../conversation.ts';
import { envRequests, strays, trainerHellos } from '../messages.ts';
import type { HostedSubject } from '../subjects.ts';
import { type Target, target } from '../target.ts';

const PATH = '/v1/env';
const TOKEN = 'correct-horse';
const reply = z.union([answer, envReply]);

const hello = { path: PATH, token: TOKEN };

/** An environment server, over sockets: hostile trainers, sixteen at a time, beside an honest one. */
export function envServerTarget(subject: HostedSubject): Target {
  const requests = fc.oneof({ weight: 12, arbitrary: envRequests(subject) }, strays);
  const spoken = conversations(hello, trainerHellos, requests);
  return serverTarget(`server of ${subject.id}`, subject, spoken);
}

/** The same server's handshakes and hellos alone. */
export function openingsTarget(subject: HostedSubject): Target {
  return serverTarget('handshakes', subject, openings(hello, trainerHellos));
}

function serverTarget(
  name: string,
  subject: HostedSubject,
  spoken: fc.Arbitrary<Conversation>,
): Target {
  return target({
    name,
    cases: fc.array(spoken, { minLength: 1, maxLength: 16 }),
    framesPerCase: 16,
    open: async () => {
      const faults: unknown[] = [];
      const server = await EnvServer.listen(subject.factory, {
        id: subject.id,
        token: TOKEN,
        capacity: 256,
        // Sessions of cut connections are not waited for.
        graceMs: 1,
        maxPayload: 2 ** 18,
        onFault: (error) => faults.push(error),
      });
      const served: Served = {
        ...hello,
        port: Number(new URL(server.url).port),
        read: (message) => readMessage(reply, message),
        answers: true,
      };
      const control = await Control.begin(server.url, TOKEN, subject.factory);
      return {
        play: (given) => converseAll(given, served, faults),
        control: () => control.goOn(),
        close: async () => {
          control.end();
          await server.close();
        },
      };
    },
  });
}
