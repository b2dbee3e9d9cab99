/**
 * Environments: their contract, spaces, wrappers, pools, checks, and the server and clients that connect them.
 * @module api-envs
 */

export { type EnvEntry, envEntries, envIds, makeEnv } from './builtin/env-registry.ts';
export { loadEnvFactory, loadFactory } from './builtin/load-env.ts';
export {
  type CheckFacts,
  type CheckOptions,
  type CheckReport,
  checkEnv,
  formatReport,
} from './check/check-env.ts';
export {
  checkGame,
  type GameCheckOptions,
  type GameFacts,
  type GameReport,
} from './check/check-game.ts';
export {
  checkServer,
  formatServerReport,
  type ServerCheckOptions,
  type ServerFacts,
  type ServerReport,
} from './check/check-server.ts';
export type { Finding, Rule } from './check/findings.ts';
export type { Latency } from './check/latency.ts';
export { RunningStats, type RunningStatsState } from './common/index.ts';
export type {
  Drawing,
  Env,
  EnvFactory,
  Info,
  Reset,
  ResetOptions,
  Shape,
  Step,
  StepOptions,
} from './contract/env.ts';
export { EnvDisconnectedError } from './contract/env-disconnected-error.ts';
export { EnvError, type EnvFailure } from './contract/env-error.ts';
export { EnvOptionsError } from './contract/env-options-error.ts';
export type { Limits } from './contract/limits.ts';
export type { Episode, Moment, Observation, Outcome } from './contract/outcome.ts';
export type { Row } from './contract/row.ts';
export type { ActionMask, MaskRow, Space } from './contract/space.ts';
export type { ChanceOutcome, Game, Move, PlayerView, Turn } from './games/game.ts';
export { gameIds, makeGame } from './games/game-registry.ts';
export { legalMask } from './games/legal-mask.ts';
export { drawOutcome, type Lineup, type Opponent, randomOpponent } from './games/opponent.ts';
export { makeOpponent, opponentNames } from './games/opponents.ts';
export { type SeatOptions, seat, seatSnapshot } from './games/seat.ts';
export {
  type BestResponse,
  bestResponse,
  expectedReturns,
  exploitability,
} from './games/solve/best-response.ts';
export { Cfr, type CfrOptions } from './games/solve/cfr.ts';
export { DepthLimited, type DepthLimitedOptions } from './games/solve/depth-limited.ts';
export { ExternalSampling } from './games/solve/external-sampling.ts';
export { GameTree, type InformationSet } from './games/solve/game-tree.ts';
export { Mcts, type MctsOptions } from './games/solve/mcts.ts';
export { Minimax } from './games/solve/minimax.ts';
export { type TabularPolicy, uniformPolicy } from './games/solve/tabular-policy.ts';
export { StateGame } from './games/state-game.ts';
export type { Symmetry } from './games/symmetry.ts';
export { type EnvMetrics, MOST_METRICS } from './net/wire/read-metrics.ts';
export { type OpenEnvFields, type OpenEnvOptions, openEnv } from './openenv/open-env.ts';
export { EnvPool, type EnvPoolOptions, type PoolState } from './pool/env-pool.ts';
export type { AsideVerb, Failed } from './pool/failure-policy.ts';
export type { RemoteSource } from './remote/relay.ts';
export { RemoteEnvs, type RemoteEnvsOptions } from './remote/remote-envs.ts';
export { type DialEvent, type DialTrainerOptions, dialTrainer } from './server/dial-trainer.ts';
export { EnvServer, type EnvServerOptions } from './server/env-server.ts';
export { isBytes } from './spaces/bytes.ts';
export { checkedEnv } from './spaces/checked-env.ts';
export {
  type ActionPart,
  type AnySpace,
  type ArrayOf,
  type Bound,
  Box,
  type BoxOptions,
  Dict,
  Discrete,
  type DType,
  explainMask,
  type Frames,
  flatMask,
  framesOf,
  Graph,
  type GraphOptions,
  type GraphValue,
  indexIn,
  joinParts,
  MultiBinary,
  MultiDiscrete,
  maskSize,
  partsOf,
  type ReadAs,
  Sequence,
  type SequenceOptions,
  type SpaceJson,
  spaceFromJson,
  Text,
  type TextOptions,
  Tuple,
  valueAsJson,
} from './spaces/index.ts';
export { type EpisodeStatistics, episodeStatistics } from './wrappers/episode-statistics.ts';
export { frameStack } from './wrappers/frame-stack.ts';
export { hideParts } from './wrappers/hide-parts.ts';
export {
  type NormalizeObservationOptions,
  normalizeObservation,
} from './wrappers/normalize-observation.ts';
export { type NormalizeRewardOptions, normalizeReward } from './wrappers/normalize-reward.ts';
export { type RealTimeOptions, realTime } from './wrappers/real-time.ts';
export { recordViews, type View } from './wrappers/record-views.ts';
export { timeLimit } from './wrappers/time-limit.ts';
