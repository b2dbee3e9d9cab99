import fc from 'fast-check';
import { unstack } from '../../../src/envs/net/wire/batch.ts';
import { codecs } from '../../../src/envs/net/wire/codec.ts';
import type { NumberArray } from '../../../src/envs/net/wire/ndarray.ts';
import { type Answer, type Ask, TrainerSession } from '../../../src/envs/remote/trainer-session.ts';
import { spaceFromJson } from '../../../src/envs/spaces/index.ts';
import { drafts, frameOf } from '../draft.ts';
import { envReplies, numbered, strays } from '../messages.ts';
import { refusalOf, Tally, Violation } from '../outcome.ts';
import type { HostedSubject } from '../subjects.ts';
import { type Target, target } from '../target.ts';

const verbs: Record<string, Ask['t']> = {
  began: 'reset',
  snapshots: 'snapshot',
  restored: 'restore',
  rendered: 'render',
};

/** The trainer's side of a session, without a socket: answers to what it asked, one after another. */
export function trainerSessionTarget(subject: HostedSubject): Target {
  const { count, description } = subject;
  const observationSpace = spaceFromJson(description.observationSpace);
  const actionSpace = spaceFromJson(description.actionSpace);
  const [action] = unstackWire(actionSpace, subject.action);
  const replies = fc.oneof({ weight: 12, arbitrary: envReplies(subject) }, strays);
  const cases = fc.record({
    codec: fc.nat(1),
    replies: fc.array(drafts(replies), { minLength: 1, maxLength: 40 }),
  });
  return target({
    name: `trainer of ${subject.id}`,
    cases,
    framesPerCase: 20,
    open: async () => ({
      play: async ({ codec: which, replies }) => {
        const tally = new Tally();
        const codec = codecs()[which];
        const encoding = which === 1 ? 'json' : 'msgpack';
        const session = new TrainerSession(description, count);
        const latest = new Array<number>(count).fill(0);
        session.attach({
          onMessage: () => {},
          onClose: () => {},
          open: true,
          peerTakes: 1e6,
          send: (message) => {
            const { envs, seq } = message as { envs: { data: NumberArray }; seq: typeof envs };
            envs.data.forEach((env, row) => {
              latest[env] = seq.data[row];
            });
          },
          close: () => {},
        });
        session.listeners.add((answer) => checkAnswer(answer));
        const idle = () => [...latest.keys()].filter((env) => session.idle(env));
        for (const draft of replies) {
          const { t } = draft.message as { t: string };
          const verb = verbs[t] ?? 'step';
          const envs = idle();
          const arg = verb === 'step' ? action : {};
          if (envs.length > 0) session.ask({ t: verb, envs, args: envs.map(() => arg) });
          const message = numbered(draft.message, (env) => latest[env] ?? 0);
          const { bytes, binary } = frameOf({ ...draft, message }, encoding);
          const wrong = refusalOf(
            () => session.receive(codec.decode(bytes, binary)),
            ['BAD_FRAME', 'BAD_MESSAGE'],
          );
          tally.add(wrong ?? 'understood');
        }
        // Whatever came, what is still waited for can be answered.
        const envs = [...latest.keys()].filter((env) => !session.idle(env));
        const seq = envs.map((env) => latest[env]);
        session.receive({ t: 'failed', envs, seq, code: 'REFUSED', message: 'no' });
        if (idle().length < count) throw new Violation('an answer was not taken');
        return tally;
      },
      control: async () => {},
      close: async () => {},
    }),
  });

  /** What was let through has the form that the training thread relies on. */
  function checkAnswer(answer: Answer): void {
    if (answer.t !== 'began' && answer.t !== 'stepped') return;
    const next = 'next' in answer ? answer.next : undefined;
    for (const [shown, k] of [
      [answer, answer.envs.length],
      [next, next?.at.length ?? 0],
    ] as const) {
      if (shown === undefined) continue;
      const values = unstack(observationSpace, shown.obs, k);
      if (values.length !== k) throw new Violation(`${values.length} observations of ${k}`);
      if (shown.info && shown.info.length !== k) throw new Violation('info of others');
      if (shown.actionMask && shown.actionMask.data.length % Math.max(k, 1) !== 0) {
        throw new Violation('a mask that is no rows');
      }
    }
  }
}

function unstackWire(space: Parameters<typeof unstack>[0], batch: unknown): unknown[] {
  const [codec] = codecs();
  const frame = frameOf(
    { message: batch, changes: [], harm: { op: 'none', at: 0, bytes: new Uint8Array() } },
    'msgpack',
  );
  return unstack(space, codec.decode(frame.bytes, true), 1);
}
