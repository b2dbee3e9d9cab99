import { subjectOf } from './subjects.ts';
import type { Target } from './target.ts';
import { codecTarget } from './targets/codec.ts';
import { dialTarget } from './targets/dial.ts';
import { envHostTarget } from './targets/env-host.ts';
import { envServerTarget, openingsTarget } from './targets/env-server.ts';
import { hostileServerTarget } from './targets/hostile-server.ts';
import { listenerTarget } from './targets/listener.ts';
import { policyServerTarget } from './targets/policy-server.ts';
import { trainerSessionTarget } from './targets/trainer-session.ts';

/** A target, and its share of a campaign. */
export interface Part {
  target: Target;
  /** Frames and handshakes of a run in CI: 56,100 in all, 3,000 of them handshakes and hellos. */
  frames: number;
  /** Whether a longer campaign gives it as many times more; the others, over sockets, mostly wait. */
  grows: boolean;
}

/** Environments with masks, dicts, snapshots and drawings among them. */
const ids = ['KHop-v0', 'CartPole-v1', 'KnownDict-v0', 'KnownMask-v0', 'Maze-v0'];

/** Every target: readers and both sides of a session in this process, then all of them over sockets. */
export async function plan(): Promise<Part[]> {
  const subjects = await Promise.all(ids.map((id) => subjectOf(id)));
  const [kHop, cartPole, dict] = subjects;
  return [
    ...subjects.flatMap((subject) => [
      { target: codecTarget(subject), frames: 3000, grows: true },
      { target: envHostTarget(subject), frames: 3000, grows: true },
      { target: trainerSessionTarget(subject), frames: 3000, grows: true },
    ]),
    { target: openingsTarget(kHop), frames: 3000, grows: false },
    { target: envServerTarget(cartPole), frames: 2000, grows: false },
    { target: envServerTarget(dict), frames: 2000, grows: false },
    { target: policyServerTarget(cartPole), frames: 2000, grows: false },
    { target: listenerTarget(cartPole), frames: 1500, grows: false },
    { target: hostileServerTarget(kHop), frames: 100, grows: false },
    { target: dialTarget, frames: 500, grows: false },
  ];
}
