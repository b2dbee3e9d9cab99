import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Checks, checkOptions, integer } from '../../envs/common/index.ts';
import { makeOpponent, opponentNames } from '../../envs/index.ts';
import { decideChecks } from '../agent/act-options.ts';
import { Agent } from '../agent/agent.ts';
import { type ExitOption, exitOf, lacks, ruleOf } from '../agent/exit-option.ts';
import { UsageError } from '../common/errors.ts';
import { envSource } from '../config/env-source.ts';
import { type Override, parseOverride, splitOverrides } from '../config/overrides.ts';
import { onStage } from '../evaluate/play.ts';
import type { AgentPlayerOptions } from './game-decider.ts';
import { agentPlayer, opponentPlayer, type Player } from './players.ts';

/** What the text of a player leaves open. */
export interface LoadPlayerOptions {
  /** The built-in game, of which it may name an opponent; without it, the text names a run. */
  gameId?: string;
  /** How a run plays, unless the text says otherwise. */
  how?: AgentPlayerOptions;
  /** Overrides of a run's config, under those of the text. */
  set?: readonly string[];
  /** Random plays of the opponent `mcts` before each action, unless the text says otherwise. */
  simulations?: number;
}

/** A player, and the agent that it is; who loads it disposes of that. */
export interface LoadedPlayer {
  player: Player;
  agent?: Agent;
}

/** The opponent that has a setting, `simulations`. */
const MCTS = 'mcts';
/** Episodes that give the histogram of ponder steps to an exit that needs one. */
const MEASURED = 64;

/**
 * Makes a player of a text: a run directory or an opponent of the game, and settings that are joined to it by +, as in
 * `runs/connect-four+decider=search+search.simulations=32+deadlineMs=20`, `runs/connect-four+exit=fixed+evaluation.ponderSteps=2` or
 * `mcts+simulations=1000`. Those of a run are `exit`, `maxSteps`, `deadlineMs` and `deterministic` as of `act`, and overrides of its config.
 * @throws UsageError for a text that names nobody, an unknown setting or a wrong one; as `Agent.load`
 */
export async function loadPlayer(
  text: string,
  { gameId = '', how, set = [], simulations }: LoadPlayerOptions = {},
): Promise<LoadedPlayer> {
  const [who, ...settings] = splitOverrides(text);
  const overrides = settings.map(parseOverride);
  const names = opponentNames(gameId);
  if (names.includes(who)) return { player: opponentOf(text, gameId, overrides, simulations) };
  if (!existsSync(join(who, 'config.resolved.yaml'))) {
    const opponent = gameId === '' ? '' : `, or an opponent of ${gameId} (${names.join(', ')})`;
    throw new UsageError(`${who}: expected a run directory${opponent}`);
  }
  const isAct = ({ path: [first, ...rest] }: Override) => rest.length === 0 && first in actChecks;
  const act = valuesOf(overrides.filter(isAct));
  refusing(() => checkOptions(who, act, actChecks));
  const ofConfig = overrides.filter((one) => !isAct(one)).map((one) => one.text);
  const agent = await Agent.load(who, { set: [...set, ...ofConfig] });
  try {
    const own = { ...how, ...act };
    const exit = await withHistogram(agent, own.exit);
    return { player: agentPlayer(agent, text, { ...own, exit }), agent };
  } catch (error) {
    agent.dispose();
    throw error;
  }
}

const { exit, maxSteps, deadlineMs, deterministic } = decideChecks;
const actChecks: Checks<Omit<AgentPlayerOptions, 'decider'>> = {
  ...{ exit, maxSteps, deadlineMs, deterministic },
};

/** @throws UsageError for a setting that it does not have */
function opponentOf(
  text: string,
  gameId: string,
  overrides: readonly Override[],
  simulations: number | undefined,
): Player {
  const [name] = splitOverrides(text);
  const given = { simulations, ...valuesOf(overrides) };
  if (name === MCTS) refusing(() => checkOptions(name, given, { simulations: integer(1) }));
  else if (overrides.length > 0) {
    throw new UsageError(`${name}: expected no settings, got ${overrides[0].text}`);
  }
  const options = given.simulations === undefined ? undefined : { simulations: given.simulations };
  return opponentPlayer(text, makeOpponent(gameId, name, options));
}

/** The exit with a histogram of the run's own thoughts, where it needs one and has none. */
async function withHistogram(agent: Agent, exit?: ExitOption): Promise<ExitOption | undefined> {
  if (!lacks(exitOf(agent.config, exit))) return exit;
  const source = await envSource(agent.config, process.cwd());
  const { tally } = await onStage(agent, source, { episodes: MEASURED }, (stage) =>
    stage.play({
      ...{ episodes: MEASURED, seed: 0, decider: 'ponder' },
      rule: ruleOf(exitOf(agent.config)),
    }),
  );
  const { histogram } = tally;
  return { ...(typeof exit === 'string' ? { name: exit } : exit), histogram };
}

function valuesOf(overrides: readonly Override[]): Record<string, never> {
  return Object.fromEntries(overrides.map(({ path, value }) => [path.join('.'), value as never]));
}

/** @throws UsageError in place of a RangeError of what is called */
function refusing(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}
