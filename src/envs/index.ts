export type { Finding, Rule } from './check/findings.ts';
export {
  type CheckFacts,
  type CheckOptions,
  type CheckReport,
  checkEnv,
  formatReport,
} from './check-env.ts';
export {
  checkServer,
  formatServerReport,
  type ServerCheckOptions,
  type ServerFacts,
  type ServerReport,
} from './check-server.ts';
export { checkedEnv } from './checked-env.ts';
export { Definitions } from './definitions.ts';
export { describe } from './describe.ts';
export type {
  Drawing,
  Env,
  EnvFactory,
  Info,
  Reset,
  ResetOptions,
  Shape,
  Step,
} from './env.ts';
export { EnvFailed, type EnvFailure } from './env-failed.ts';
export { EnvLost } from './env-lost.ts';
export { EnvPool, type EnvPoolOptions, type PoolState } from './env-pool.ts';
export { explainPlain, stringifyExact } from './exact-json.ts';
export { explainMask } from './explain-mask.ts';
export { expectation, type FieldSchema } from './field-schema.ts';
export { heed } from './heed.ts';
export { type DialEvent, type DialTrainerOptions, dialTrainer } from './host/dial-trainer.ts';
export { EnvServer, type EnvServerOptions } from './host/env-server.ts';
export { loadEnvFactory, loadFactory } from './load-env.ts';
export { nearest } from './nearest.ts';
export { type OpenEnvFields, type OpenEnvOptions, openEnv } from './openenv/open-env.ts';
export {
  anything,
  atLeast,
  type Check,
  type Checks,
  callback,
  checkOptions,
  flag,
  integer,
  listOf,
  oneOf,
  positive,
  signalCheck,
  text,
} from './options.ts';
export type { Episode, Observation, Outcome } from './outcome.ts';
export { type EnvEntry, envEntries, envIds, makeEnv } from './registry.ts';
export {
  type Acted,
  type AskOptions,
  PolicyClient,
  type PolicyClientOptions,
} from './remote/policy-client.ts';
export type { RemoteSource } from './remote/relay.ts';
export { RemoteEnvs, type RemoteEnvsOptions } from './remote/remote-envs.ts';
export { RunningStats, type RunningStatsState } from './running-stats.ts';
export { checkBinding, isLoopback } from './socket/access.ts';
export type { Connection } from './socket/connection.ts';
export { DialError, type DialOptions, dial } from './socket/dial.ts';
export { awaitHello, sayHello } from './socket/handshake.ts';
export {
  jsonAnswer,
  jsonPage,
  metricsPage,
  type Page,
  type PageAnswer,
  type PageRequest,
} from './socket/pages.ts';
export {
  type Endpoint,
  SocketServer,
  type SocketServerOptions,
  serverChecks,
} from './socket/server.ts';
export { newTicket } from './socket/ticket.ts';
export type { ActionMask, Space } from './space.ts';
export {
  type AnySpace,
  type ArrayOf,
  type Bound,
  Box,
  type BoxOptions,
  Dict,
  Discrete,
  type DType,
  indexIn,
  MultiBinary,
  MultiDiscrete,
  type SpaceJson,
  spaceFromJson,
  Text,
  type TextOptions,
  Tuple,
} from './spaces/index.ts';
export type { AsideVerb, Failed } from './survival.ts';
export { startThread } from './thread.ts';
export { every, type Timer } from './timers.ts';
export { VERSION } from './version.ts';
export { BatchError, countOf, stack, unstack } from './wire/batch.ts';
export { type Codec, jsonCodec, msgpackCodec } from './wire/codec.ts';
export { asWireError, type WireCode, WireError } from './wire/errors.ts';
export { explainSize, sizeOf } from './wire/fit.ts';
export {
  type Batch,
  type Hello,
  type PolicyDescription,
  type PolicyReply,
  type PolicyRequest,
  policyRequest,
  readMessage,
  type Welcome,
  WIRE_VERSION,
  wireJsonSchema,
} from './wire/messages.ts';
export { isNdArray, type NdArray, ndarray, rowOf } from './wire/ndarray.ts';
export { encodeOpenpi } from './wire/openpi.ts';
export { type EpisodeStatistics, episodeStatistics } from './wrappers/episode-statistics.ts';
export { frameStack } from './wrappers/frame-stack.ts';
export {
  type NormaliseObservationOptions,
  normaliseObservation,
} from './wrappers/normalise-observation.ts';
export { type NormaliseRewardOptions, normaliseReward } from './wrappers/normalise-reward.ts';
export { timeLimit } from './wrappers/time-limit.ts';
export { type View, watched } from './wrappers/watched.ts';
