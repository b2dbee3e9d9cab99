import fc from 'fast-check';
import type { EnvDescription } from '../../src/envs/net/wire/messages.ts';
import { arrayMap } from './bytes.ts';

/** What environments a conversation is about. */
export interface Subject {
  /** Environments in the session. */
  count: number;
  description: EnvDescription;
  /** Right actions, one for each environment. */
  action: unknown;
  /** A right observation of one environment, as a batch of one. */
  obs: unknown;
  /** A right snapshot. */
  state: unknown;
}

const limits = { maxPayload: 65_536, graceMs: 1000, heartbeatMs: 15_000 };
const resume = fc.constantFrom(
  { session: 'AAAAAAAAAAAAAAAA', token: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
  { session: '', token: '' },
  { session: '__proto__', token: 'constructor' },
);

/** What a trainer says first. */
export const trainerHellos: fc.Arbitrary<object> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constant({ t: 'hello', v: 1, role: 'trainer', client: 'fuzz', numEnvs: 2 }),
  },
  fc.constantFrom<object[]>(
    { t: 'hello', v: 1, role: 'trainer', client: 'fuzz' },
    { t: 'hello', v: 1, role: 'trainer', client: 'fuzz', numEnvs: 2 },
    { t: 'hello', v: 2, role: 'trainer', client: 'fuzz' },
    { t: 'hello', v: 1, role: 'env', client: 'fuzz' },
    { t: 'hello', v: 1, role: 'policy-client', client: 'fuzz' },
  ),
  resume.map((resume) => ({ t: 'hello', v: 1, role: 'trainer', client: 'fuzz', resume })),
);

/** What environments that dial say first. */
export function envHellos({ description: env, count }: Subject): fc.Arbitrary<object> {
  const hello = { t: 'hello', v: 1, role: 'env', client: 'fuzz', numEnvs: count, env };
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(hello) },
    resume.map((resume) => ({ ...hello, resume })),
    fc.constantFrom<object[]>(...strangeSpaces.map((space) => spaced(hello, space))),
  );
}

/** What an environment server answers to hello. */
export function welcomes({ description: env, count }: Subject): fc.Arbitrary<object> {
  const welcome = { t: 'welcome', v: 1, session: 's', token: 't', resumed: false, limits, env };
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant({ ...welcome, numEnvs: count }) },
    fc.constantFrom<object[]>(
      { t: 'error', code: 'CAPACITY_REACHED', message: 'full' },
      { t: 'error', code: 'SESSION_EXPIRED', message: 'gone' },
      { ...welcome, numEnvs: 65_536 },
      { ...welcome, numEnvs: count, limits: { ...limits, heartbeatMs: 1e300, graceMs: 1e300 } },
      ...strangeSpaces.map((space) => spaced({ ...welcome, numEnvs: count }, space)),
    ),
  );
}

/** Spaces that are well-formed and yet none, or a burden. */
const huge = { type: 'box', shape: [2 ** 24], dtype: 'float32', low: 0, high: 1 };
const strangeSpaces: readonly object[] = [
  { ...huge, shape: [] },
  { ...huge, shape: [2 ** 13, 2 ** 13] },
  { ...huge, shape: [4096, 4097] },
  { ...huge, shape: [3], low: [0, 1], high: 1 },
  { ...huge, shape: [9], low: 1, high: 0 },
  { ...huge, shape: [9], dtype: 'uint8', low: null, high: null },
  { type: 'tuple', spaces: Array(64).fill(huge) },
  { type: 'dict', spaces: Array.from({ length: 64 }, (_, i) => [`${i}`, huge]) },
  {
    type: 'dict',
    spaces: [
      ['a', huge],
      ['a', huge],
    ],
  },
  { type: 'dict', spaces: [['__proto__', { type: 'multi-binary', shape: [2] }]] },
  { type: 'dict', spaces: [] },
  { type: 'tuple', spaces: [] },
  { type: 'discrete', n: 0, start: 0 },
  { type: 'discrete', n: 2 ** 53 - 1, start: 2 ** 53 - 1 },
  { type: 'multi-discrete', shape: [2], nvec: [3], start: [0, 0] },
  { type: 'text', minLength: 5, maxLength: 2 ** 24, charset: 'aa' },
];

function spaced(message: object, observationSpace: object): object {
  const { env } = message as { env: EnvDescription };
  return { ...message, env: { ...env, observationSpace } };
}

/** Which environments a message is about, mostly distinct ones that there are. */
function about(count: number): fc.Arbitrary<{ envs: number[]; seq: number[] }> {
  const all = Array.from({ length: count }, (_, env) => env);
  return fc
    .record({
      envs: fc.constantFrom(all, [0], [count - 1], [0], all, [0, 0], [count], []),
      // Counted from the latest: 1 is the next one, 0 the same again. One for all of `envs`.
      ahead: fc.constantFrom(1, 1, 1, 1, 1, 1, 0, 0, 2, -1),
    })
    .map(({ envs, ahead }) => ({ envs, seq: envs.map(() => ahead) }));
}

/** What a trainer asks; `seq` counts from the latest request, until `numbered` puts it right. */
export function envRequests({ count, action, state }: Subject): fc.Arbitrary<object> {
  const seeds = fc.constantFrom([0], [null], [2 ** 53 - 1], Array(count).fill(7), undefined);
  const options = fc.constantFrom<unknown[]>(undefined, {}, { size: 1e9 }, 'x');
  const verb = fc.constantFrom('step', 'step', 'step', 'reset', 'snapshot', 'restore', 'render');
  return fc
    .record({ about: about(count), verb, seeds, options })
    .map(({ about, verb, seeds, options }) => {
      const each = (value: unknown) => about.envs.map(() => value);
      switch (verb) {
        case 'step':
          return { t: verb, ...about, actions: batchOf(action, about.envs.length) };
        case 'reset':
          return {
            t: verb,
            ...about,
            ...(seeds && { seeds }),
            ...(options !== undefined && { options }),
          };
        case 'restore':
          return { t: verb, ...about, states: each(state) };
        default:
          return { t: verb, ...about };
      }
    });
}

/** What environments answer; `seq` as in `envRequests`, 0 answers what was asked. */
export function envReplies({ count, obs, state }: Subject): fc.Arbitrary<object> {
  const t = fc.constantFrom(
    ...['stepped', 'stepped', 'began', 'began', 'failed', 'snapshots', 'restored', 'rendered'],
    ...['error', 'stepped with next'],
  );
  const code = fc.constantFrom('ENV_FAILED', 'REFUSED', 'INTERNAL', 'VERSION');
  const envs = fc.constantFrom(
    [0],
    Array.from({ length: count }, (_, env) => env),
    [0, 0],
    [],
    [count],
  );
  const offset = fc.constantFrom(0, 0, 0, 0, 0, -1, 1);
  const aside = fc.constantFrom<object[]>(
    {},
    { info: [{ success: true, difficulty: 3 }] },
    { actionMask: arrayMap('|u1', [1, 3], new Uint8Array(3)) },
    { actionMask: arrayMap('<f4', [1, 0], new Uint8Array(0)) },
  );
  return fc.record({ t, code, envs, offset, aside }).map(({ t, code, envs, offset, aside }) => {
    const about = { envs, seq: envs.map(() => offset) };
    const each = (value: unknown) => envs.map(() => value);
    const shown = { obs: batchOf(obs, envs.length), ...aside };
    switch (t) {
      case 'began':
        return { t, ...about, ...shown };
      case 'stepped':
      case 'stepped with next': {
        const ends = each(t === 'stepped' ? 0 : 1);
        const flags = { reward: each(0.5), terminated: ends, truncated: each(0) };
        const next = { at: envs.map((_, i) => i), ...shown };
        return { t: 'stepped', ...about, ...shown, ...flags, ...(t !== 'stepped' && { next }) };
      }
      case 'failed':
        return { t, ...about, code, message: 'it broke' };
      case 'snapshots':
        return { t, ...about, states: each(state) };
      case 'rendered':
        return { t, ...about, drawings: each({ width: 1, height: 1, shapes: [] }) };
      case 'error':
        return { t, code, message: 'it broke' };
      default:
        return { t, ...about };
    }
  });
}

/** Messages of other conversations, out of place everywhere else. */
export const strays: fc.Arbitrary<object> = fc.constantFrom<object[]>(
  { t: 'close' },
  { t: 'hello', v: 1, role: 'trainer', client: 'again' },
  { t: 'error', code: 'INTERNAL', message: 'no' },
  { t: 'act', id: 0, obs: [[0]] },
  { t: 'acted', id: 0, actions: [0], steps: [1], cut: [0], policyVersion: 1 },
  { t: 'failed', id: 0, code: 'REFUSED', message: 'no' },
  { t: '__proto__' },
  { t: 'constructor', envs: [0], seq: [1] },
  { t: '\ud83d\ude00'.repeat(11) },
  { t: `${'x'.repeat(19)}\ud83d\ude00` },
);

/** A message with `seq` counted on from the latest of each environment. */
export function numbered(message: unknown, latest: (env: number) => number): unknown {
  const { envs, seq } = message as { envs?: number[]; seq?: number[] };
  if (!Array.isArray(envs) || !Array.isArray(seq)) return message;
  return { ...(message as object), seq: seq.map((ahead, i) => latest(envs[i]) + ahead) };
}

/** k copies of a value, or of a batch of one, stacked. */
function batchOf(batch: unknown, k: number): unknown {
  if (Array.isArray(batch)) return Array.from({ length: k }, () => batch[0]);
  const { __ndarray__, dtype, shape, data } = batch as Record<string, unknown>;
  if (__ndarray__ === true) {
    const bytes = Buffer.concat(Array(k).fill(data));
    return arrayMap(dtype, [k, ...(shape as number[]).slice(1)], bytes);
  }
  return Object.fromEntries(
    Object.entries(batch as object).map(([key, part]) => [key, batchOf(part, k)]),
  );
}
