import { Discrete, type GameTree, legalMask, type TabularPolicy } from '../../envs/index.ts';
import type { ActOptions } from '../agent/act-options.ts';
import type { ActingAgent } from '../agent/acting-agent.ts';

/** Probabilities add up to 1 but for float32. */
const ROUNDING = 1e-4;

/**
 * An agent's policy as a table: what it does in each information state of a small game, for `exploitability` and `bestResponse`.
 * The agent is asked as one that plays every seat, so it is best trained on both (`env.options.seat: alternate`).
 *
 * ```ts
 * import { Agent } from 'pondera';
 * import { policyInGame } from 'pondera/agent';
 * import { exploitability, GameTree, makeGame } from 'pondera/envs';
 *
 * const agent = await Agent.load('runs/kuhn');
 * const tree = new GameTree(makeGame('Kuhn-v0'));
 * console.log(exploitability(tree, await policyInGame(agent, tree)));
 * ```
 *
 * @param options as of `act`; `deterministic` is false unless given: probabilities, not the most likely action alone. An exit that
 *   draws (`sample`) is drawn once in each information state, from the seed (default 0)
 * @throws Error for an agent with a memory, which acts by more than an observation, or whose algorithm learns values instead of
 *   probabilities, unless `deterministic` is true; RangeError where the game's observations or actions are not the agent's
 */
export async function policyInGame(
  agent: ActingAgent,
  tree: GameTree,
  options: Pick<ActOptions, 'exit' | 'maxSteps' | 'deterministic' | 'seed'> = {},
): Promise<TabularPolicy> {
  const { actionSpace, config } = agent;
  if (config.memory.length > 0)
    throw new Error('policyInGame: expected an agent without a memory, got one with');
  if (!(actionSpace instanceof Discrete)) {
    throw new RangeError(
      `policyInGame: expected an agent of Discrete actions, got ${actionSpace.type}`,
    );
  }
  const { deterministic = false, seed = 0, ...exit } = options;
  const rows = tree.sets.map(async ({ key, legalActions, observation }) => {
    const { action, thought } = await agent.act(observation, {
      ...exit,
      deterministic,
      seed,
      mask: legalMask(actionSpace, legalActions),
    });
    const row = deterministic
      ? legalActions.map((legal) => Number(legal === action))
      : legalActions.map((legal) => thought.actions.at(-1)![legal - actionSpace.start]);
    return [key, normalized(row)] as const;
  });
  return new Map(await Promise.all(rows));
}

function normalized(row: readonly number[]): number[] {
  const sum = row.reduce((total, one) => total + one, 0);
  if (Math.abs(sum - 1) > ROUNDING || row.some((one) => one < 0)) {
    throw new Error(
      `policyInGame: expected probabilities, got ${row.join(', ')}: an algorithm of values has a policy by { deterministic: true }`,
    );
  }
  return row.map((one) => one / sum);
}
