import { createInterface } from 'node:readline';
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../common/errors.ts';
import { EXIT } from '../common/exit-code.ts';
import type { Person } from '../match/person.ts';
import {
  addSampleOptions,
  deterministic,
  integer,
  jsonOption,
  maxStepsOption,
  setOption,
} from './command-options.ts';
import { addExitOptions, type ExitFlags, exitFlag } from './exit-options.ts';
import { gameText, typedMove } from './game-text.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';

interface ChallengeFlags extends ExitFlags {
  seat: number;
  seed: number;
  moves?: number[];
  sample?: boolean;
  maxSteps?: number;
  set?: string[];
  json?: boolean;
}

export function addChallenge(program: Command): void {
  const command = program
    .command('challenge')
    .description('play a game against a run yourself, and see what it thinks')
    .argument('<run>', 'run directory')
    .option('--seat <n>', 'your seat: 0 begins', integer(0), 0)
    .option('--seed <n>', 'seed of the game: what chance and the run draw', integer(0), 0)
    .option('--moves <list>', 'moves with which the game begins, such as 4,0,8', moveList);
  addSampleOptions(addExitOptions(command))
    .addOption(maxStepsOption())
    .addOption(setOption())
    .addOption(
      jsonOption('for programs: positions and thoughts as lines of JSON, moves as {"t":"move"}'),
    )
    .action(challengeCommand);
}

async function challengeCommand(run: string, flags: ChallengeFlags): Promise<void> {
  const { seat, seed, moves, maxSteps, set, json } = flags;
  const how = { exit: exitFlag(flags), deterministic: deterministic(flags), maxSteps };
  const { Agent } = await import('../agent/agent.ts');
  const { makeGame } = await import('../../envs/index.ts');
  const { gameIdOf } = await import('./run-game.ts');
  const { Person } = await import('../match/person.ts');
  const { recordGame } = await import('../recording/index.ts');
  const person = new Person();
  const { signal, release } = interruptible(() => process.stderr.write('stopping\n'));
  const agent = await Agent.load(run, { set });
  const lines = createInterface({ input: process.stdin });
  try {
    const id = gameIdOf(run, agent.config);
    signal.addEventListener('abort', () => person.leave(signal.reason));
    lines.on('line', (line) => take(person, line, json));
    // Whoever can say no more has given up.
    lines.on('close', () => person.leave());
    const write = json ? print : (line: string) => print(gameText(JSON.parse(line)));
    signal.throwIfAborted();
    await recordGame(agent, () => makeGame(id), person, { seat, seed, moves, ...how }, write);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = EXIT.interrupted;
  } finally {
    lines.close();
    // A terminal would keep the process alive.
    process.stdin.destroy();
    release();
    agent.dispose();
  }
}

/** Takes what a person types, or what a program says; what is not possible is refused in words. */
function take(person: Person, line: string, json = false): void {
  try {
    const move = typedMove(line, json);
    if (move === 'resign') person.leave();
    else person.move(move);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { message } = error;
    if (json) printJson({ type: 'refused', message });
    else print(`${message}\n`);
  }
}

function moveList(text: string): number[] {
  const moves = text.split(',').map(Number);
  if (moves.every((move) => Number.isSafeInteger(move) && move >= 0)) return moves;
  throw new InvalidArgumentError(`Expected integers ≥ 0 with commas between, got "${text}".`);
}
