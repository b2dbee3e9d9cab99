/**
 * Training and everything around a trained agent: options, events, metrics, recordings, and the contract of an algorithm.
 * @module api-agent
 */

export type { ActOptions } from './agent/act-options.ts';
export { Agent, type LoadOptions } from './agent/agent.ts';
export type { AgentMemory, AgentMemoryEntry } from './agent/agent-memory.ts';
export type { AgentSession, SessionOptions } from './agent/agent-session.ts';
export type { ExitOption } from './agent/exit-option.ts';
export type { GeneratedToken, GenerateOptions } from './agent/generate-tokens.ts';
export type { Act, ThoughtTrace } from './agent/thought-trace.ts';
export {
  type Algorithm,
  type AlgorithmContext,
  type AlgorithmDefinition,
  type AlgorithmState,
  algorithms,
  type GradientStep,
  type LearningConfig,
  type RolloutSettings,
  registerAlgorithm,
  type SettingsSchema,
  type Stage as TrainingStage,
  trainedBehavior,
  type UpdateSettings,
} from './algorithms/index.ts';
export type { Clock } from './common/clock.ts';
export { RunError, UsageError } from './common/errors.ts';
export { type Config, type ConfigInput, configSchema } from './config/config.ts';
export { configJsonSchema } from './config/json-schema.ts';
export { loadConfig } from './config/load-config.ts';
export { type LoadConfigOptions, parseConfig } from './config/parse-config.ts';
export { type EvaluateOptions, evaluate } from './evaluate/evaluate.ts';
export { policyInGame } from './evaluate/policy-in-game.ts';
export { worstReturns } from './evaluate/worst-returns.ts';
export type {
  Activity,
  Alarm,
  Evaluation,
  FailedEvent,
  IncidentKind,
  Losses,
  Overrun,
  PonderSteps,
  TrainEvent,
  UpdateMetrics,
} from './events/events.ts';
export { type LoggedEvent, readEvents } from './events/events-log.ts';
export { progress } from './events/progress.ts';
export type { ProgressStream } from './events/status-line.ts';
export type { Hook, Run } from './hooks/hooks.ts';
export type { AgentPlayerOptions } from './match/game-decider.ts';
export { type LoadedPlayer, type LoadPlayerOptions, loadPlayer } from './match/load-player.ts';
export { type Match, type MatchOptions, match, type Score, type Standing } from './match/match.ts';
export { agentPlayer, opponentPlayer, type Player, type Sit } from './match/players.ts';
export { type PairScore, type Ratings, rate } from './match/ratings.ts';
export { type Tournament, tournament } from './match/tournament.ts';
export {
  CheckpointError,
  type RecordedDecision,
  type RecordedEnd,
  type Recording,
  RecordingError,
  type RecordingHeader,
  type RecordingLine,
  readRecording,
  recordedEnv,
} from './run/index.ts';
export type {
  Acted,
  AskAllOptions,
  AskOneOptions,
  AskOptions,
  AskTokensOptions,
  ServedToken,
} from './serve/ask-options.ts';
export type { ClientSession, SessionAskOptions } from './serve/client-session.ts';
export { PolicyClient, type PolicyClientOptions } from './serve/policy-client.ts';
export { type PolicyServer, servePolicy } from './serve/policy-server.ts';
export type { ServeEvent, ServeOptions } from './serve/serve-options.ts';
export type { Spread } from './study/spread.ts';
export { type StudyEvent, type StudyOptions, study } from './study/study.ts';
export type {
  Figures as StudyFigures,
  Mixture,
  Setting as StudySetting,
  Study,
  StudyRow,
  Summary,
} from './study/summary.ts';
export { type TrainOptions, type TrainResult, train } from './train/train.ts';
