import type { ExitDefinition } from '../../policy/index.ts';
import type { Agent } from '../agent.ts';
import { evaluate } from '../evaluate.ts';
import type { Evaluation } from '../events.ts';
import { matchSteps } from './match-steps.ts';
import type { Setting } from './summary.ts';

/** Episodes of each trial evaluation while an exit is matched. */
const TRIAL_EPISODES = 256;

/**
 * Evaluates the weights of an agent by another exit: set so that its mean ponder steps come closest to `target`,
 * where it has something to set.
 */
export async function tryExit(
  agent: Agent,
  { name, dial }: ExitDefinition,
  target: number,
  signal?: AbortSignal,
): Promise<{ evaluation: Evaluation; setting?: Setting }> {
  const at = (value?: number, episodes?: number) =>
    evaluate(agent, {
      exit: { name, ...(dial && { [dial.option]: value }) },
      ...{ forcedEpisodes: 0, episodes, signal },
    });
  if (dial === undefined) return { evaluation: await at() };
  const episodes = Math.min(TRIAL_EPISODES, agent.config.evaluation.episodes);
  const meanSteps = async (value: number) => (await at(value, episodes)).ponderSteps.mean;
  const value = await matchSteps(dial, meanSteps, target);
  return { evaluation: await at(value), setting: { option: dial.option, value } };
}
