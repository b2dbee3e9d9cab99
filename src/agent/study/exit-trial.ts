import type { ExitDefinition } from '../../policy/index.ts';
import type { Agent } from '../agent/agent.ts';
import type { ExitOption } from '../agent/exit-option.ts';
import { type Measured, measure } from '../evaluate/evaluate.ts';
import { matchSteps } from './match-steps.ts';
import type { Setting } from './summary.ts';

/** Episodes of each trial while it fits an exit. */
const TRIAL_EPISODES = 256;

/**
 * Evaluates the weights of an agent with another exit. If the exit has a dial, it sets the dial so that the mean ponder
 * steps come closest to those of the trained exit.
 */
export async function tryExit(
  agent: Agent,
  { name, dial }: ExitDefinition,
  signal?: AbortSignal,
): Promise<Measured & { setting?: Setting }> {
  const by = (exit?: ExitOption, episodes?: number) =>
    measure(agent, { exit, forcedEpisodes: 0, episodes, signal });
  if (dial === undefined) return by(name);
  const { option } = dial;
  const episodes = Math.min(TRIAL_EPISODES, agent.config.evaluation.episodes);
  const meanSteps = async (exit?: ExitOption) =>
    (await by(exit, episodes)).evaluation.ponderSteps.mean;
  // On the same episodes, since others may be harder.
  const target = await meanSteps();
  const value = await matchSteps(dial, (value) => meanSteps({ name, [option]: value }), target);
  return { ...(await by({ name, [option]: value })), setting: { option, value } };
}
