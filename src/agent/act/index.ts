/**
 * A trained policy outside of Node.js, such as in a browser: nothing here imports a module of Node.js.
 * @module api-act
 */

export {
  Box,
  Dict,
  Discrete,
  Graph,
  MultiBinary,
  MultiDiscrete,
  Sequence,
  Text,
  Tuple,
} from '../../envs/spaces/index.ts';
export { Rng } from '../../kernels/common/index.ts';
export type { ActOptions } from '../agent/act-options.ts';
export type { ActingAgent } from '../agent/acting-agent.ts';
export type { AgentMemory, AgentMemoryEntry } from '../agent/agent-memory.ts';
export type { AgentSession, SessionOptions } from '../agent/agent-session.ts';
export type { GeneratedToken, GenerateOptions } from '../agent/generate-tokens.ts';
export type { Act, ThoughtTrace } from '../agent/thought-trace.ts';
export { UsageError } from '../common/errors.ts';
export { CheckpointError } from '../run/checkpoint-error.ts';
export { type LoadAgentOptions, loadAgent } from './load-agent.ts';
