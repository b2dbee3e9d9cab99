import { type Checks, callback, checkOptions, integer } from '../../envs/common/index.ts';
import { loadPortable } from '../../kernels/portable/index.ts';
import type { EncoderFactory } from '../../policy/index.ts';
import { ActingAgent } from '../agent/acting-agent.ts';
import { type AgentState, savedSpaces } from '../agent/agent-state.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { ConfigDocument } from '../config/document.ts';
import { configOf } from '../config/parse-config.ts';
import { CheckpointError } from '../run/checkpoint-error.ts';
import { bestStep, openCheckpoint } from '../run/checkpoint-files.ts';
import { fetchFile } from './fetch-file.ts';

/** The checkpoint that `loadAgent` reads, and the memory of its kernels. */
export interface LoadAgentOptions {
  /** Environment steps of the checkpoint to read, the number in its directory's name; default: the best one. */
  envSteps?: number;
  /** The encoder that the run was trained with, where its config names one of the developer's own. */
  encoder?: EncoderFactory;
  /** Most memory that tensors may use, in MiB; default 64. The browser provides it as tensors use it. */
  arenaMiB?: number;
}

const checks: Checks<LoadAgentOptions> = {
  envSteps: integer(0),
  encoder: callback,
  arenaMiB: integer(1, 4096),
};

/** Enough for the weights and thoughts of policies of a few million parameters. */
const ARENA_MIB = 64;

/**
 * Loads the agent of a run by its address, in a browser or wherever else there is no Node.js. It fetches
 * `config.resolved.yaml`, and of one checkpoint the weights and the state; nothing of the training.
 *
 * The kernels are those of the build `simd`, on one thread. The agent's numbers are those of `Agent.load` in Node.js where
 * `kernels.build` is `strict` or `simd`.
 *
 * ```ts
 * import { loadAgent } from 'pondera/act';
 *
 * const agent = await loadAgent('https://example.org/runs/cartpole/');
 * const { action, thought } = await agent.act(Float32Array.of(0, 0, 0.1, 0));
 * console.log(action, thought.ponderSteps);
 * agent.dispose();
 * ```
 *
 * @param url the address of the run's directory; a relative one starts from the page's
 * @throws UsageError where there is no run, a file cannot be fetched, or the config needs an encoder that is not given;
 *   CheckpointError where the checkpoint is missing or damaged; RangeError for an unknown option
 */
export async function loadAgent(
  url: string | URL,
  options: LoadAgentOptions = {},
): Promise<ActingAgent> {
  checkOptions('loadAgent', options, checks);
  const { encoder, arenaMiB = ARENA_MIB } = options;
  const run = addressOf(url);
  const config = await fetchConfig(run);
  const own = config.policy.encoder?.module;
  if (own !== undefined && encoder === undefined) {
    throw new UsageError(
      `${run}: expected options.encoder, since the run was trained with the encoder ${own}, got none`,
    );
  }
  const step = options.envSteps ?? (await bestOf(run));
  const checkpoint = await openCheckpoint(`${run}/checkpoints/step-${step}`, fetchFile);
  const [weights, state] = await Promise.all([checkpoint.weights(), checkpoint.state()]);
  const { spaces } = (state as { agent: AgentState }).agent;
  if (spaces === undefined) {
    throw new CheckpointError(
      `${run}: expected a checkpoint that holds its spaces, got an older one`,
    );
  }
  await loadPortable(arenaMiB);
  // A quarter of it for what sessions remember.
  const tableBytes = arenaMiB * 2 ** 18;
  const known = savedSpaces(spaces, config.env.frameStack);
  const agent = new ActingAgent(config, known, encoder, tableBytes);
  try {
    agent.loadCheckpoint({ step, weights, state });
  } catch (error) {
    agent.dispose();
    throw error;
  }
  return agent;
}

/** The address of a run's directory, without the last slash. */
function addressOf(url: string | URL): string {
  const page = (globalThis as { location?: { href: string } }).location?.href;
  if (!URL.canParse(String(url), page)) {
    throw new UsageError(`loadAgent: expected the address of a run's directory, got ${url}`);
  }
  return new URL(url, page).href.replace(/\/$/, '');
}

async function fetchConfig(run: string): Promise<Config> {
  const path = `${run}/config.resolved.yaml`;
  const bytes = await fetchFile(path);
  if (!bytes)
    throw new UsageError(`${run}: expected a run directory, found no config.resolved.yaml`);
  const document = new ConfigDocument(new TextDecoder().decode(bytes), path);
  return configOf(document, (module) => module, {});
}

async function bestOf(run: string): Promise<number> {
  const step = await bestStep(`${run}/checkpoints/best.json`, fetchFile);
  if (step !== undefined) return step;
  throw new CheckpointError(
    `${run}: expected checkpoints/best.json, found none; name a checkpoint by options.envSteps`,
  );
}
