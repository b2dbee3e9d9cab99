export {
  type Act,
  type ActOptions,
  Agent,
  type LoadOptions,
  type ThoughtTrace,
} from './agent.ts';
export {
  type Algorithm,
  type AlgorithmDefinition,
  type AlgorithmState,
  algorithms,
  registerAlgorithm,
  type Stage as TrainingStage,
  trainedBehaviour,
  type UpdateSettings,
} from './algorithms/index.ts';
export type { Clock } from './clock.ts';
export { type Config, type ConfigInput, configSchema } from './config.ts';
export { configJsonSchema } from './config-schema.ts';
export { RunError, UsageError } from './errors.ts';
export { type EvaluateOptions, evaluate } from './evaluate.ts';
export type { Alarm, Evaluation, PonderSteps, TrainEvent, UpdateMetrics } from './events.ts';
export { type LoggedEvent, readEvents } from './events-log.ts';
export type { ExitOption } from './exit.ts';
export type { Hook, Run } from './hooks.ts';
export { loadConfig, parseConfig } from './load-config.ts';
export { progress } from './progress.ts';
export {
  type RecordedDecision,
  type RecordedEnd,
  type Recording,
  RecordingError,
  type RecordingHeader,
  type RecordingLine,
  readRecording,
} from './recording/index.ts';
export { CheckpointError } from './run/index.ts';
export type { ServeEvent, ServeOptions } from './serve/options.ts';
export { type PolicyServer, servePolicy } from './serve/policy-server.ts';
export type { ProgressStream } from './status-line.ts';
export type { Mixture, Spread, Study, StudyRow, Summary } from './study/summary.ts';
export { type StudyEvent, type StudyOptions, study } from './study.ts';
export { type TrainOptions, type TrainResult, train } from './train.ts';
