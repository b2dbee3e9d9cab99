import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeEnv } from '../../../src/envs/builtin/env-registry.ts';
import type { Sokoban, SokobanOptions } from '../../../src/envs/builtin/puzzles/sokoban.ts';
import { SokobanSolution } from '../../../src/envs/builtin/puzzles/sokoban-solution.ts';
import { Rng } from '../../../src/kernels/index.ts';

const make = (options: Partial<SokobanOptions> = {}) => makeEnv('Sokoban-v0', options) as Sokoban;
const [north, east, south, west] = [0, 1, 2, 3];

/** What cells show, as players write levels: wall, floor, goal, box on a goal, box, player, player on a goal. */
const glyphs = '# .*$@+';

/** A square level from lines of glyphs. */
function level(lines: readonly string[]) {
  const cells = [...lines.join('')];
  const where = (among: string) =>
    [...cells.keys()].filter((cell) => among.includes(cells[cell]) && cells[cell] !== '');
  const walls = cells.map((glyph) => Number(glyph === '#'));
  return { walls, goals: where('.*+'), boxes: where('$*'), player: where('@+')[0] };
}

/** An environment in a level that is given. */
function at(lines: readonly string[], options: Partial<SokobanOptions> = {}): Sokoban {
  const state = level(lines);
  const env = make({ size: lines.length, boxes: state.boxes.length, ...options });
  env.reset({ seed: 0 });
  env.restore({ ...env.snapshot(), state });
  return env;
}

/** An observation as lines of glyphs. */
function show(obs: Int32Array): string[] {
  const size = Math.sqrt(obs.length);
  const text = Array.from(obs, (kind) => glyphs[kind]).join('');
  return Array.from({ length: size }, (_, row) => text.slice(row * size, (row + 1) * size));
}

const pushesLeft = (lines: readonly string[]) => {
  const { walls, goals, ...position } = level(lines);
  return new SokobanSolution(lines.length, walls, goals).pushesLeft(position);
};

describe('the fewest pushes, counted by hand', () => {
  it.each([
    [2, ['@$ .', '####', '####', '####']],
    // South once, then around the box, and east twice.
    [3, ['#@  ', ' $  ', '   .', '    ']],
    // The player must go around to push it back.
    [1, ['.$@ ', '    ', '####', '####']],
    // Three pushes each: one to the east, the other two to the east and one to the north.
    [6, ['@$ ..', ' $   ', '     ', '     ', '     ']],
    [0, ['@*  ', '####', '####', '####']],
  ])('%i: %j', (pushes, lines) => {
    expect(pushesLeft(lines)).toBe(pushes);
  });

  it.each([
    ['in a corner', ['$ .@', '    ', '    ', '    ']],
    ['at a wall, the goal elsewhere', [' $  ', '  @ ', ' .  ', '    ']],
    ['where the player cannot come to its other side', ['.$# ', '##@ ', '    ', '    ']],
    ['behind another', ['@$$.', '###.', '####', '####']],
    ['two beside each other at a wall', [' $$ ', ' @  ', '.  .', '    ']],
  ])('none: a box %s', (_name, lines) => {
    expect(pushesLeft(lines)).toBeUndefined();
  });
});

/**
 * The fewest pushes of all positions of a room, by playing every move of each until nothing changes.
 * @returns by `boxes:player`; those that cannot be solved are infinite
 */
function bruteForce(size: number, walls: readonly number[], goals: readonly number[]) {
  const floor = [...walls.keys()].filter((cell) => !walls[cell]);
  const next = (cell: number, direction: number) => {
    const row = Math.floor(cell / size) + [-1, 0, 1, 0][direction];
    const column = (cell % size) + [0, 1, 0, -1][direction];
    const inside = row >= 0 && row < size && column >= 0 && column < size;
    return inside && !walls[row * size + column] ? row * size + column : undefined;
  };
  const places = goals.length === 1 ? floor.map((box) => [box]) : pairsOf(floor);
  const table = new Map<string, number>();
  const name = (boxes: readonly number[], player: number) => `${boxes}:${player}`;
  for (const boxes of places) {
    const left = `${boxes}` === `${goals}` ? 0 : Number.POSITIVE_INFINITY;
    for (const player of floor) if (!boxes.includes(player)) table.set(name(boxes, player), left);
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const boxes of places) {
      for (const player of floor) {
        const own = table.get(name(boxes, player));
        if (own === undefined) continue;
        for (let direction = 0; direction < 4; direction++) {
          const to = next(player, direction);
          if (to === undefined) continue;
          const behind = boxes.includes(to) ? next(to, direction) : to;
          if (behind === undefined || (behind !== to && boxes.includes(behind))) continue;
          const after = boxes.map((box) => (box === to ? behind : box)).sort((a, b) => a - b);
          const through = table.get(name(after, to))! + Number(behind !== to);
          if (through >= table.get(name(boxes, player))!) continue;
          table.set(name(boxes, player), through);
          changed = true;
        }
      }
    }
  }
  return table;
}

function pairsOf(cells: readonly number[]): number[][] {
  return cells.flatMap((a, i) => cells.slice(i + 1).map((b) => [a, b]));
}

describe('solutions', () => {
  it.each([
    [1, 5, 20],
    [2, 4, 10],
  ])(
    'with %i boxes are those of every move played, and so are the dead positions',
    (boxes, size, rooms) => {
      const rng = Rng.seed(boxes);
      let [solved, dead] = [0, 0];
      for (let room = 0; room < rooms; room++) {
        const walls = Array.from({ length: size * size }, () => Number(rng.float() < 0.25));
        const floor = rng.shuffle([...walls.keys()].filter((cell) => !walls[cell]));
        const goals = floor.slice(0, boxes).sort((a, b) => a - b);
        const solution = new SokobanSolution(size, walls, goals);
        const table = bruteForce(size, walls, goals);
        const found = [...table.keys()].map((name) => {
          const [boxes, player] = name.split(':');
          return { boxes: boxes.split(',').map(Number), player: Number(player) };
        });
        const pushes = found.map((position) => solution.pushesLeft(position));
        expect(pushes.map((left) => left ?? Number.POSITIVE_INFINITY)).toEqual([...table.values()]);
        const moves = found.map((position) => solution.bestMove(position) !== undefined);
        expect(moves).toEqual(pushes.map((left) => Boolean(left)));
        dead += pushes.filter((left) => left === undefined).length;
        solved += pushes.filter((left) => left !== undefined).length;
      }
      expect(Math.min(solved, dead)).toBeGreaterThan(300);
    },
  );

  it('demonstrate the shortest walk to the next push', () => {
    // Around the box, and then the push to the west.
    const env = at(['    ', '.$  ', '@   ', '    ']);
    const moves: unknown[] = [];
    let { info } = env.step(south);
    while (info.demonstration !== undefined) {
      moves.push(info.demonstration);
      ({ info } = env.step(info.demonstration as number));
    }
    expect(moves).toEqual([north, east, east, north, west]);
    expect(info).toMatchObject({ difficulty: 0, success: true });
  });
});

describe('Sokoban-v0', () => {
  it('moves, pushes one box, and stays where a wall or another box is in the way', () => {
    const env = at(['    ', '@$ $', '  . ', '  . ']);
    expect(show(env.step(west).obs)).toEqual(['    ', '@$ $', '  . ', '  . ']);
    expect(show(env.step(east).obs)).toEqual(['    ', ' @$$', '  . ', '  . ']);
    expect(show(env.step(east).obs)).toEqual(['    ', ' @$$', '  . ', '  . ']);
    expect(show(env.step(north).obs)).toEqual([' @  ', '  $$', '  . ', '  . ']);
    expect(show(env.step(east).obs)).toEqual(['  @ ', '  $$', '  . ', '  . ']);
    expect(show(env.step(south).obs)).toEqual(['    ', '  @$', '  * ', '  . ']);
    expect(show(env.step(south).obs)).toEqual(['    ', '   $', '  + ', '  * ']);
  });

  it('rewards a tenth of what gym-sokoban does', () => {
    const env = at(['@$.  ', '     ', '  $  ', '  .  ', '     ']);
    const rewards = (moves: readonly number[]) => moves.map((move) => env.step(move).reward);
    expect(rewards([east, south])).toEqual([expect.closeTo(0.09), -0.01]); // onto its goal
    expect(rewards([north, east])).toEqual([-0.01, expect.closeTo(-0.11)]); // and off
    const solving = at(['@$. ', '    ', '    ', '    ']).step(east);
    expect(solving).toMatchObject({ terminated: true, info: { success: true, difficulty: 0 } });
    expect(solving.reward).toBeCloseTo(1.09, 10);
  });

  it('rewards progress, and takes it back for a push that does not help or is for good', () => {
    const env = at(['     ', ' @$ .', '     ', '     ', '     '], { progressReward: 0.5 });
    expect(env.step(south).reward).toBe(-0.01);
    env.step(north);
    expect(env.step(east).reward).toBeCloseTo(0.49, 10);
    env.step(south);
    env.step(east);
    const dead = env.step(north); // against the wall, the goal below it
    expect(dead.reward).toBeCloseTo(-0.51, 10);
    expect(env.step(south).reward).toBe(-0.01);
  });

  it('says that a position is dead, and goes on until the time is up', () => {
    const env = at(['    ', ' @$ ', '    ', '  . '], { maxSteps: 3 });
    const dead = env.step(east);
    expect(dead.info).toEqual({ metrics: { dead: true } });
    expect(dead).toMatchObject({ terminated: false, truncated: false });
    env.step(west);
    expect(env.step(west)).toMatchObject({
      terminated: false,
      truncated: true,
      info: { success: false, metrics: { dead: true } },
    });
  });

  it('draws levels that can be solved, by as many pushes as it says', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 4, max: 8 }),
        fc.integer({ min: 1, max: 2 }),
        (seed, size, boxes) => {
          const env = make({ size, boxes, maxSteps: 1000 });
          let { obs, info } = env.reset({ seed });
          const count = (glyph: string) => show(obs).join('').split(glyph).length - 1;
          expect(count('$') + count('*')).toBe(boxes);
          expect(count('.') + count('*') + count('+')).toBe(boxes);
          expect(count('@') + count('+')).toBe(1);
          expect(env.observationSpace.contains(obs)).toBe(true);
          let pushes = info.difficulty!;
          expect(pushes).toBeGreaterThan(0);
          while (info.demonstration !== undefined) {
            const boxesBefore = String(level(show(obs)).boxes);
            ({ obs, info } = env.step(info.demonstration as number));
            if (String(level(show(obs)).boxes) !== boxesBefore) pushes--;
            expect(info.difficulty).toBe(pushes);
          }
          expect(info).toMatchObject({ difficulty: 0, success: true });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps the pushes in the range that is asked for, each as often', () => {
    const env = make({ minPushes: 3, maxPushes: 5 });
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 300; seed++) {
      const { difficulty } = env.reset({ seed }).info;
      counts.set(difficulty!, (counts.get(difficulty!) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([3, 4, 5]);
    expect(Math.min(...counts.values())).toBeGreaterThan(30);
    expect(() => make({ size: 4, minPushes: 60 }).reset({ seed: 0 })).toThrow(
      'Sokoban-v0: options.minPushes: expected as many as some level of 4 × 4 cells and 1 box takes, got 60: none of 1000 rooms does',
    );
    expect(() => make({ minPushes: 3, maxPushes: 2 })).toThrow(
      'Sokoban-v0: options.maxPushes: expected at least minPushes, got 2',
    );
  });

  it('draws the same levels for ever', () => {
    const rows = ['##### ', '## #  ', ' #    ', '    $ ', '  . @ ', '####  '];
    const more = ['#  ####', '+$  ###', '$.   ##', '    ###', '   ####', '    ###', '#   ###'];
    expect(show(make().reset({ seed: 1 }).obs)).toEqual(rows);
    expect(show(make({ size: 7, boxes: 2 }).reset({ seed: 2 }).obs)).toEqual(more);
  });

  it('is solved anew in the level of a snapshot', () => {
    const [one, two] = [make({ boxes: 2 }), make({ boxes: 2 })];
    one.reset({ seed: 5 });
    two.reset({ seed: 6 });
    two.restore(one.snapshot());
    for (const move of [north, east, south, west, west, south]) {
      expect(two.step(move)).toEqual(one.step(move));
    }
  });
});
