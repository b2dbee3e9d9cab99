export { copied } from './copied.ts';
export { Definitions } from './definitions.ts';
export { describe } from './describe.ts';
export { explainPlain, stringifyExact } from './exact-json.ts';
export { expectation, type FieldSchema } from './field-schema.ts';
export { untilAborted } from './heed.ts';
export { ALMOST_ZERO, MemberStats, type Members } from './member-stats.ts';
export { nearest } from './nearest.ts';
export {
  anything,
  atLeast,
  type Check,
  type Checks,
  callback,
  checkOptions,
  finite,
  finiteDuration,
  flag,
  integer,
  listOf,
  oneOf,
  positive,
  signalCheck,
  text,
} from './options.ts';
export { RunningStats, type RunningStatsState } from './running-stats.ts';
export { after, every, type Timer } from './timers.ts';
export { VERSION } from './version.ts';
