import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type Checks,
  callback,
  checkOptions,
  describe,
  listOf,
  oneOf,
  text,
} from '../../envs/common/index.ts';
import { loadBackend } from '../../kernels/index.ts';
import type { EncoderFactory } from '../../policy/index.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { envSource, type GivenEnv } from '../config/env-source.ts';
import { loadConfig } from '../config/load-config.ts';
import { type Checkpoint, CheckpointStore } from '../run/index.ts';
import { ActingAgent } from './acting-agent.ts';
import { type AgentState, savedSpaces } from './agent-state.ts';
import { loadEncoder } from './load-encoder.ts';

/** The checkpoint that `Agent.load` reads, and replacements of parts of the run's config. */
export interface LoadOptions extends GivenEnv {
  /** The checkpoint to read; default: the best one where a best one was marked, otherwise the latest. */
  checkpoint?: 'best' | 'latest';
  /** Overrides of the run's config, each of the form `path=value`, such as `env.options.size=5`. */
  set?: readonly string[];
  /** An encoder in place of the config's. */
  encoder?: EncoderFactory;
}

export const loadChecks: Checks<LoadOptions> = {
  checkpoint: oneOf('best', 'latest'),
  set: listOf(text),
  encoder: callback,
  env: callback,
  onListening: callback,
};

/**
 * A policy with its spaces and settings: it turns observations into actions.
 *
 * `Agent.load` makes one of a run; `train` trains one. Call `dispose` when you no longer need it.
 */
export class Agent extends ActingAgent {
  /**
   * Loads the agent of a run directory, with the backend that its config names. If it cannot read the checkpoint, it
   * takes the newest one that it can read, and emits a warning of the process.
   *
   * ```ts
   * import { Agent } from 'pondera';
   *
   * const agent = await Agent.load('runs/cartpole');
   * const { action, thought } = await agent.act(Float32Array.of(0, 0, 0.1, 0));
   * console.log(action, thought.ponderSteps);
   * agent.dispose();
   * ```
   *
   * @param runDir the run's directory, such as `runs/cartpole`
   * @throws UsageError for a directory that holds no run, CheckpointError where no checkpoint can be read, RangeError
   *   for an unknown option
   */
  static async load(runDir: string, options: LoadOptions = {}): Promise<Agent> {
    checkOptions('Agent.load', options, loadChecks);
    if (typeof runDir !== 'string') {
      throw new UsageError(
        `Agent.load: expected the path of a run directory, got ${describe(runDir)}`,
      );
    }
    const path = join(runDir, 'config.resolved.yaml');
    await readFile(path).catch(() => {
      throw new UsageError(`${runDir}: expected a run directory, found no config.resolved.yaml`);
    });
    const config = await loadConfig(path, { set: options.set });
    const checkpoint = await loadRun(runDir, options.checkpoint);
    await loadBackend(config.backend, config.kernels);
    const elsewhere = config.env.url !== undefined || config.env.listen !== undefined;
    // Where its environments were need not be up for it to be asked.
    const { spaces } = (checkpoint.state as { agent: AgentState }).agent;
    const agent = await Agent.create(config, dirname(resolve(path)), options, {
      spaces: elsewhere && !options.env ? spaces : undefined,
    });
    try {
      agent.loadCheckpoint(checkpoint);
    } catch (error) {
      agent.dispose();
      throw error;
    }
    return agent;
  }

  /**
   * Makes an untrained agent for the config's environment, or for given spaces; `loadBackend` must have run before.
   * @internal
   */
  static async create(
    config: Config,
    baseDir: string,
    given: GivenEnv & { encoder?: EncoderFactory } = {},
    { spaces: saved }: Pick<AgentState, 'spaces'> = {},
  ): Promise<Agent> {
    const spaces = saved
      ? savedSpaces(saved, config.env.frameStack)
      : await (await envSource(config, baseDir, given)).spaces();
    const encoder =
      given.encoder ??
      (config.policy.encoder && (await loadEncoder(config.policy.encoder.module, baseDir)));
    return new Agent(config, spaces, encoder);
  }

  /**
   * Takes the weights of a run's best checkpoint, or of its latest where no best one was marked, and the observation
   * statistics that belong to them.
   * @throws CheckpointError where no checkpoint can be read, Error where its sizes differ from this agent's
   */
  async warmStart(runDir: string): Promise<void> {
    const { weights, state } = await loadRun(runDir);
    const own = this.state();
    const { agent } = state as { agent: AgentState };
    const { valueScale } = agent;
    const normalizer = agent.normalizer ?? own.normalizer;
    this.restore(weights, { ...own, valueScale, normalizer: own.normalizer && normalizer });
  }
}

async function loadRun(runDir: string, which?: 'best' | 'latest'): Promise<Checkpoint> {
  const store = new CheckpointStore(join(runDir, 'checkpoints'));
  return store.loadReadable(which, (message) => process.emitWarning(`${runDir}: ${message}`));
}
