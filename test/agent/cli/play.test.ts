import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../../src/agent/cli/program.ts';
import { train } from '../../../src/agent/index.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

let printed = '';
vi.mock('../../../src/agent/cli/output.ts', () => ({
  print: (text: string) => {
    printed += text;
  },
  printJson: (value: unknown) => {
    printed += JSON.stringify(value);
  },
}));

async function play(...args: string[]) {
  printed = '';
  let complaint = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complaint += text;
    return true;
  });
  try {
    return { code: await runProgram(['play', ...args]), printed, complaint };
  } finally {
    process.exitCode = undefined;
    spy.mockRestore();
  }
}

describe('pondera play', () => {
  let dir: string;
  let run: string;
  let kuhn: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pondera-play-'));
    [run, kuhn] = [join(dir, 'tic-tac-toe'), join(dir, 'kuhn')];
    const short = { train: { totalSteps: 32 }, evaluation: { episodes: 0, everyUpdates: 0 } };
    await train(tinyConfig({ ...short, env: { id: 'TicTacToe-v0' } }), { runDir: run });
    await train(tinyConfig({ ...short, env: { id: 'Kuhn-v0' } }), { runDir: kuhn });
  }, 60_000);

  afterAll(() => rm(dir, { recursive: true }));

  it('prints what both players came to, and the difference in strength', async () => {
    const { printed, code } = await play(run, '--games', '6');
    expect(code).toBeUndefined();
    expect(printed).toMatch(/^TicTacToe-v0, 6 games\n\nplayer +seat +wins +draws +losses +return/);
    expect(printed).toMatch(
      /\nrandom +both +\d +\d +\d +-?\d\.\d{3} ± \d\.\d{3}\n +0 +\d +\d +\d\n/,
    );
    expect(printed).toMatch(/\nElo +-?\d+ more than random \(95 %: -?\d+ to -?\d+\)\n$/);
  });

  it('against a run and an opponent, as JSON', async () => {
    const { printed } = await play(run, '--against', run, '--games', '3', '--sample', '--json');
    const { players, games } = JSON.parse(printed);
    expect(games).toBe(3);
    expect(players.map(({ name }: { name: string }) => name)).toEqual([run, run]);
    const perfect = JSON.parse((await play(run, '--against', 'perfect', '--json')).printed);
    expect(perfect.players[1].losses).toBe(0);
  });

  it('as players that decide in other ways, each with settings of its own', async () => {
    const search = `${run}+decider=search+search.simulations=4+exit=random`;
    const sample = `${run}+decider=sample+sample.by=value+sample.answers=2+deadlineMs=1`;
    const { printed, code } = await play(search, '--against', sample, '--games', '2', '--json');
    expect(code).toBeUndefined();
    const { players } = JSON.parse(printed);
    expect(players.map(({ name }: { name: string }) => name)).toEqual([search, sample]);
    const mcts = await play(run, '--against', 'mcts+simulations=9', '--games', '1', '--json');
    expect(JSON.parse(mcts.printed).players[1].name).toBe('mcts+simulations=9');
  });

  it('says what it expected', async () => {
    const misspelt = await play(run, '--against', 'prefect');
    expect(misspelt.code).toBe(2);
    expect(misspelt.complaint).toContain(
      'prefect: expected a run directory, or an opponent of TicTacToe-v0 (random, mcts, perfect)',
    );
    const refused = async (...args: string[]) => {
      const { code, complaint } = await play(...args);
      expect(code).toBe(2);
      return complaint;
    };
    expect(await refused(`${run}+decider=guess`)).toContain(
      'decider: expected one of "ponder", "sample", "tree", "search", got "guess"',
    );
    expect(await refused(`${run}+decider=search+search.depth=2`)).toContain('search.depth');
    expect(await refused(`${run}+deadlineMs=soon`)).toContain(
      'deadlineMs: expected a number ≥ 0, got "soon"',
    );
    expect(await refused(run, '--against', 'mcts+depth=2')).toContain(
      'mcts: depth: no such option; expected one of simulations',
    );
    expect(await refused(run, '--against', 'random+simulations=2')).toContain(
      'random: expected no settings, got simulations=2',
    );
    const hidden = await play(`${kuhn}+decider=search`, '--games', '1');
    expect(hidden.complaint).toContain('expected a game of perfect information');
    const other = await play(run, '--against', kuhn);
    expect(other.complaint).toContain('expected a run of TicTacToe-v0, got one of Kuhn-v0');
    expect(other.code).toBe(2);
  });
});
