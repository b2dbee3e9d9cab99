/**
 * The names that most programs need, at most 60: to train, act, evaluate, study and serve; to declare an environment and
 * its spaces, check it and connect it; and to register extensions. The other names are in the sub-paths.
 * @module api
 */

export {
  type Act,
  type ActOptions,
  Agent,
  type AlgorithmDefinition,
  CheckpointError,
  type Config,
  type ConfigInput,
  type Evaluation,
  evaluate,
  type Hook,
  loadConfig,
  PolicyClient,
  parseConfig,
  progress,
  type Run,
  RunError,
  readRecording,
  registerAlgorithm,
  servePolicy,
  study,
  type TrainEvent,
  type TrainOptions,
  type TrainResult,
  train,
  UsageError,
} from './agent/index.ts';
export {
  Box,
  checkEnv,
  Dict,
  Discrete,
  dialTrainer,
  type Env,
  EnvError,
  type EnvFactory,
  EnvServer,
  envIds,
  Graph,
  MultiBinary,
  MultiDiscrete,
  makeEnv,
  openEnv,
  type Reset,
  type ResetOptions,
  Sequence,
  type Space,
  type Step,
  Text,
  Tuple,
  timeLimit,
} from './envs/index.ts';
export { Rng } from './kernels/index.ts';
export {
  defineExit,
  defineHalting,
  type Encoder,
  type EncoderFactory,
  type Parameters,
  registerExit,
  registerHalting,
} from './policy/index.ts';
export { type DeciderDefinition, registerDecider } from './rollout/index.ts';
