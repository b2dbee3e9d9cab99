import type { Command } from 'commander';
import type { Agent } from '../agent/agent.ts';
import { EXIT } from '../common/exit-code.ts';
import { counted, decimal, whole } from '../common/numbers.ts';
import type { LoadPlayerOptions } from '../match/load-player.ts';
import type { Match } from '../match/match.ts';
import {
  addSampleOptions,
  deterministic,
  integer,
  jsonOption,
  maxStepsOption,
  setOption,
} from './command-options.ts';
import { addExitOptions, type ExitFlags, exitFlag } from './exit-options.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';
import { table } from './table.ts';

interface PlayFlags extends ExitFlags {
  against: string;
  simulations: number;
  games: number;
  seed: number;
  sample?: boolean;
  maxSteps?: number;
  deadlineMs?: number;
  set?: string[];
  json?: boolean;
}

export function addPlay(program: Command): void {
  const command = program
    .command('play')
    .description('let a run play a game against another run or an opponent, and compare them')
    .argument('<run>', 'run directory, with settings joined by +: decider, exit, deadlineMs, …')
    .option(
      '--against <who>',
      'another run directory, or an opponent of the game: random, mcts, perfect; settings as those of the run',
      'random',
    )
    .option('--simulations <n>', 'random plays of mcts before each action', integer(1), 100)
    .option('--games <n>', 'games to play, half of them in each seat', integer(1), 100)
    .option('--seed <n>', 'seed of the games; the same seed plays the same', integer(0), 0);
  addSampleOptions(addExitOptions(command))
    .addOption(maxStepsOption())
    .option('--deadline-ms <ms>', 'longest time for a decision (default: no limit)', integer(1))
    .addOption(setOption())
    .addOption(jsonOption('print the match as one JSON object'))
    .action(playCommand);
}

async function playCommand(run: string, flags: PlayFlags): Promise<void> {
  const { against, simulations, games, seed, maxSteps, deadlineMs, set, json } = flags;
  const how = { exit: exitFlag(flags), deterministic: deterministic(flags), maxSteps, deadlineMs };
  const { makeGame } = await import('../../envs/index.ts');
  const { gameIdOf } = await import('./run-game.ts');
  const { match } = await import('../match/match.ts');
  const { loadPlayer } = await import('../match/load-player.ts');
  const { signal, release } = interruptible(() => process.stderr.write('stopping\n'));
  const agents: Agent[] = [];
  const load = async (text: string, options: LoadPlayerOptions) => {
    const { player, agent } = await loadPlayer(text, { ...options, how });
    if (agent) agents.push(agent);
    return player;
  };
  try {
    const own = await load(run, { set });
    const [{ config }] = agents;
    const id = gameIdOf(run, config);
    const other = await load(against, { gameId: id, simulations, set: backendOf(config) });
    const played = await match(() => makeGame(id), [own, other], { games, seed, signal });
    if (json) printJson(played);
    else print(`${matchText(played)}\n`);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = EXIT.interrupted;
  } finally {
    release();
    for (const agent of agents) agent.dispose();
  }
}

/** Both agents compute by the same kernels. */
function backendOf({ backend, kernels: { build, threads } }: Agent['config']): string[] {
  return [`backend=${backend}`, `kernels.build=${build}`, `kernels.threads=${threads}`];
}

/** A match as text: what each player came to, in all and by seat, and the difference in strength. */
function matchText({ game, games, players, elo }: Match): string {
  const rows = players.flatMap(({ name, bySeat, return: { mean, standardError }, ...all }) => [
    [name, 'both', ...counts(all), `${decimal(mean)} ± ${decimal(standardError)}`],
    ...bySeat.map((score, seat) => ['', String(seat), ...counts(score), '']),
  ]);
  const titles = ['<player', 'seat', 'wins', 'draws', 'losses', 'return'];
  const { difference, standardError } = elo;
  const [low, high] = [-1, 1].map((sign) => difference + sign * INTERVAL * standardError);
  return [
    `${game}, ${counted(games, 'game')}`,
    table(titles, rows),
    `Elo           ${decimal(difference, 0)} more than ${players[1].name} (95 %: ${decimal(low, 0)} to ${decimal(high, 0)})`,
  ].join('\n\n');
}

/** Standard errors from the middle of an interval of 95 % to its ends. */
const INTERVAL = 1.96;

function counts({ wins, draws, losses }: { wins: number; draws: number; losses: number }) {
  return [wins, draws, losses].map(whole);
}
