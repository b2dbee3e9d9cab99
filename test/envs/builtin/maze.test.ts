import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeEnv } from '../../../src/envs/builtin/env-registry.ts';
import type { Maze, MazeOptions } from '../../../src/envs/builtin/maze.ts';
import { perfectMaze } from '../../../src/envs/builtin/maze-grid.ts';
import { Rng } from '../../../src/kernels/index.ts';

const make = (options: Partial<MazeOptions> = {}) => makeEnv('Maze-v0', options) as Maze;
const moves = [
  { row: -1, column: 0 },
  { row: 0, column: 1 },
  { row: 1, column: 0 },
  { row: 0, column: -1 },
];

/** The observation as a reader without the source sees it. */
function parse(obs: Float32Array) {
  const size = Math.sqrt(obs.length / 6);
  const at = (row: number, column: number, channel: number) =>
    obs[(row * size + column) * 6 + channel];
  const cells = Array.from({ length: size * size }, (_, i) => [Math.floor(i / size), i % size]);
  const find = (channel: number) => cells.filter(([row, column]) => at(row, column, channel) === 1);
  return { size, at, cells, agents: find(4), goals: find(5) };
}

/** Shortest distances to the goal, by relaxing until nothing changes. */
function distances(obs: Float32Array): number[][] {
  const { size, at, cells, goals } = parse(obs);
  const table = Array.from({ length: size }, () => Array(size).fill(Number.POSITIVE_INFINITY));
  table[goals[0][0]][goals[0][1]] = 0;
  for (let sweep = 0; sweep < size * size; sweep++) {
    for (const [row, column] of cells) {
      moves.forEach((move, direction) => {
        if (at(row, column, direction)) return;
        const through = table[row + move.row][column + move.column] + 1;
        table[row][column] = Math.min(table[row][column], through);
      });
    }
  }
  return table;
}

describe('Maze-v0', () => {
  it('is perfect: n² − 1 passages, connected, walls the same from both sides', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 8 }), (seed, size) => {
        const { obs } = make({ size }).reset({ seed });
        const { at, cells, agents, goals } = parse(obs);
        let openSides = 0;
        for (const [row, column] of cells) {
          moves.forEach((move, direction) => {
            const [r, c] = [row + move.row, column + move.column];
            const outside = r < 0 || r >= size || c < 0 || c >= size;
            const wall = at(row, column, direction);
            expect(wall).toBe(outside ? 1 : at(r, c, (direction + 2) % 4));
            openSides += 1 - wall;
          });
        }
        expect(openSides / 2).toBe(size * size - 1);
        expect(distances(obs).flat().every(Number.isFinite)).toBe(true);
        expect(agents).toHaveLength(1);
        expect(goals).toHaveLength(1);
        expect(agents).not.toEqual(goals);
      }),
      { numRuns: 100 },
    );
  });

  it('is uniform among all mazes: the 192 spanning trees of 3 × 3', () => {
    const rng = Rng.seed(5);
    const n = 19_200;
    const counts = new Map<string, number>();
    for (let i = 0; i < n; i++) {
      const walls = perfectMaze(3, rng).join('');
      counts.set(walls, (counts.get(walls) ?? 0) + 1);
    }
    expect(counts.size).toBe(192);
    const chiSquared = [...counts.values()].reduce((sum, c) => sum + (c - 100) ** 2 / 100, 0);
    expect(chiSquared).toBeLessThan(257); // 99.9 % at 191 degrees of freedom
  });

  it('moves where there is no wall and says the distance left; the shortest way succeeds', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat(3), { maxLength: 20 }), (seed, wander) => {
        const env = make({ size: 5, maxSteps: 200 });
        const begin = env.reset({ seed });
        const table = distances(begin.obs);
        let { obs, info } = begin;
        const walk = (action: number) => {
          const { at, agents } = parse(obs);
          const [row, column] = agents[0];
          const open = 1 - at(row, column, action);
          const step = env.step(action);
          const [r, c] = parse(step.obs).agents[0];
          const move = moves[action];
          expect([r, c]).toEqual([row + open * move.row, column + open * move.column]);
          expect(step.info.difficulty).toBe(table[r][c]);
          const arrived = table[r][c] === 0;
          expect(step).toMatchObject({ reward: arrived ? 1 : -0.01, terminated: arrived });
          ({ obs, info } = step);
          return step;
        };
        expect(info.difficulty).toBe(table[parse(obs).agents[0][0]][parse(obs).agents[0][1]]);
        for (const action of wander) if (walk(action).terminated) return;
        for (let left = info.difficulty!; left > 0; left--) {
          const { at, agents } = parse(obs);
          const [row, column] = agents[0];
          const closer = moves.findIndex(
            (move, action) =>
              !at(row, column, action) && table[row + move.row][column + move.column] < left,
          );
          walk(closer);
        }
        expect(info).toMatchObject({ success: true, difficulty: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it('rewards each step nearer to the goal, and takes it back for each away', () => {
    const env = make({ size: 4, stepReward: 0, progressReward: 0.5 });
    for (let seed = 0; seed < 20; seed++) {
      let left = env.reset({ seed }).info.difficulty!;
      for (let step = 0; step < 20; step++) {
        const { reward, info, terminated } = env.step((seed + step * 3) % 4);
        expect(reward).toBe(Number(terminated) + 0.5 * (left - info.difficulty!));
        if (terminated) break;
        left = info.difficulty!;
      }
    }
  });

  it('keeps the start in the range of distances, or at the farthest there is', () => {
    const near = make({ size: 4, minDistance: 2, maxDistance: 3 });
    const seen = new Set<number | undefined>();
    for (let seed = 0; seed < 200; seed++) seen.add(near.reset({ seed }).info.difficulty);
    expect([...seen].sort()).toEqual([2, 3]);

    const far = make({ size: 4, minDistance: 15 });
    for (let seed = 0; seed < 50; seed++) {
      const { obs, info } = far.reset({ seed });
      expect(info.difficulty).toBe(Math.max(...distances(obs).flat()));
    }
  });

  it('is truncated after maxSteps, 4 · size² by default', () => {
    const env = make({ size: 2 });
    const { obs } = env.reset({ seed: 0 });
    const { at, agents } = parse(obs);
    const wall = [0, 1, 2, 3].find((direction) => at(agents[0][0], agents[0][1], direction))!;
    for (let i = 1; i < 16; i++) expect(env.step(wall).truncated).toBe(false);
    expect(env.step(wall)).toMatchObject({
      terminated: false,
      truncated: true,
      info: { success: false },
    });
  });

  it('masks walls where asked to', () => {
    const env = make({ mask: true });
    const { obs, info } = env.reset({ seed: 2 });
    const { at, agents } = parse(obs);
    const open = [0, 1, 2, 3].map((direction) => 1 - at(agents[0][0], agents[0][1], direction));
    expect(info.actionMask).toEqual(open);
    const step = env.step(open.indexOf(1));
    expect(step.info.actionMask).toHaveLength(4);
    expect(make().reset().info).not.toHaveProperty('actionMask');
  });

  it('demonstrates the shortest way', () => {
    const env = make({ size: 6 });
    for (let seed = 0; seed < 20; seed++) {
      let { info } = env.reset({ seed });
      for (let left = info.difficulty!; left > 0; left--) {
        expect(info.difficulty).toBe(left);
        ({ info } = env.step(info.demonstration as number));
      }
      expect(info).toEqual({ difficulty: 0, success: true });
    }
  });
});

describe('Maze-v0 with doors', () => {
  /**
   * Three cells north, three in the middle, three south; the agent is in the middle of the middle row. The passages are: along the
   * middle row, with doors on both sides of the agent, and from the western cell of it to the goal in the northwest.
   */
  function crossroads(options: Partial<MazeOptions> = {}) {
    const env = make({ size: 3, doors: 2, maxSteps: 50, ...options });
    env.reset({ seed: 0 });
    const walls = Array(36).fill(1);
    const doors = Array(36).fill(0);
    const [north, east, south, west] = [0, 1, 2, 3];
    for (const side of [12 + east, 16 + west, 16 + east, 20 + west]) doors[side] = 1;
    for (const side of [12 + east, 16 + west, 16 + east, 20 + west, 12 + north, 0 + south])
      walls[side] = 0;
    const distances = [0, -1, -1, 1, 2, 3, -1, -1, -1];
    const state = { walls, doors, distances, agent: 4, goal: 0 };
    env.restore({ ...env.snapshot(), state });
    return env;
  }
  const [north, east, west] = [0, 1, 3];
  const at = (obs: Float32Array, cell: number) =>
    Array.from(obs.subarray(cell * 10, cell * 10 + 10));

  it('closes each behind who goes through; the right way stays open', () => {
    const env = crossroads();
    const first = env.step(west);
    expect(first).toMatchObject({ reward: -0.01, terminated: false });
    expect(first.info).toEqual({ difficulty: 1, demonstration: north, metrics: { dead: false } });
    expect(at(first.obs, 3)).toEqual([0, 1, 1, 1, 1, 0, 0, 0, 0, 0]); // walls but in the north; the agent; no door
    expect(at(first.obs, 4)).toEqual([1, 0, 1, 1, 0, 0, 0, 1, 0, 0]); // its western door is a wall, the eastern one open
    const last = env.step(north);
    expect(last).toMatchObject({ reward: 1, terminated: true, info: { success: true } });
  });

  it('a wrong turn is for good: no difficulty, no demonstration, until the time is up', () => {
    const env = crossroads({ progressReward: 0.5, mask: true });
    const wrong = env.step(east);
    expect(wrong.reward).toBe(-0.51);
    expect(wrong.info).toEqual({ metrics: { dead: true }, actionMask: [1, 1, 1, 1] });
    for (let step = 2; step < 50; step++) {
      const { reward, terminated, truncated, info } = env.step(west);
      expect({ reward, terminated, truncated }).toEqual({
        reward: -0.01,
        terminated: false,
        truncated: false,
      });
      expect(info.metrics).toEqual({ dead: true });
    }
    expect(env.step(west)).toMatchObject({ truncated: true, info: { success: false } });
  });

  it('has as many as asked for, in passages alone, and the start can always be solved', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 24 }), (seed, doors) => {
        const env = make({ size: 5, doors });
        let { obs, info } = env.reset({ seed });
        let count = 0;
        for (let cell = 0; cell < 25; cell++) {
          const sides = at(obs, cell);
          for (const direction of [0, 1, 2, 3]) {
            expect(sides[direction] + sides[6 + direction]).toBeLessThan(2);
            count += sides[6 + direction];
          }
        }
        expect(count).toBe(2 * doors);
        for (let left = info.difficulty!; left > 0; left--) {
          expect(info).toMatchObject({ difficulty: left, metrics: { dead: false } });
          ({ obs, info } = env.step(info.demonstration as number));
        }
        expect(info.success).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('is dead exactly where no walk leads to the goal any more', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat(3), { maxLength: 30 }), (seed, walk) => {
        const env = make({ size: 4, doors: 8, maxSteps: 1000 });
        env.reset({ seed });
        for (const action of walk) {
          const { obs, info, terminated } = env.step(action);
          if (terminated) return;
          const agent = [...Array(16).keys()].find((cell) => obs[cell * 10 + 4])!;
          const reached = new Set([agent]);
          for (const cell of reached) {
            moves.forEach((move, direction) => {
              if (!obs[cell * 10 + direction]) reached.add(cell + 4 * move.row + move.column);
            });
          }
          const goal = [...Array(16).keys()].find((cell) => obs[cell * 10 + 5])!;
          expect(info.metrics).toEqual({ dead: !reached.has(goal) });
          expect(info.difficulty === undefined).toBe(!reached.has(goal));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('leaves mazes as they were without them', () => {
    expect(make({ size: 4, doors: 3 }).reset({ seed: 3 }).info.difficulty).toBe(
      make({ size: 4 }).reset({ seed: 3 }).info.difficulty,
    );
    expect(() => make({ size: 3, doors: 9 })).toThrow(
      'Maze-v0: options.doors: expected at most size² − 1, the passages that there are, got 9',
    );
  });
});
