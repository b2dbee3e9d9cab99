import { beforeEach, describe, expect, it } from 'vitest';
import { TimeSpent } from '../../../src/rollout/index.ts';

let now: number;
let time: TimeSpent;

beforeEach(() => {
  now = 5000;
  time = new TimeSpent(() => now);
});

const none = { environment: 0, inference: 0, learning: 0, evaluation: 0, checkpoint: 0, other: 0 };

describe('time spent', () => {
  it('is other but for what was added, and is taken once', () => {
    now += 1000;
    time.add('learning', 250);
    time.add('learning', 50);
    expect(time.take()).toEqual({ ...none, learning: 0.3, other: 0.7, inferenceByDepth: [] });
    now += 20;
    expect(time.take()).toEqual({ ...none, other: 0.02, inferenceByDepth: [] });
  });

  it('in a tick is shared evenly by the thoughts in it, by their ponder steps', () => {
    now += 1500;
    time.addTick(1000, [1, 1, 3, 2]);
    time.addTick(500, [3]);
    expect(time.take()).toEqual({ ...none, inference: 1.5, inferenceByDepth: [0.5, 0.25, 0.75] });
    expect(time.take()).toEqual({ ...none, inferenceByDepth: [0, 0, 0] });
  });

  it('waiting is the environments’, also where it is taken meanwhile', () => {
    time.wait();
    now += 1000;
    time.wait();
    now += 500;
    expect(time.take()).toEqual({ ...none, environment: 1.5, inferenceByDepth: [] });
    now += 200;
    time.stopWaiting();
    now += 300;
    time.stopWaiting();
    expect(time.take()).toMatchObject({ environment: 0.2, other: 0.3 });
  });

  it('counts what is done during something until it ends or fails', async () => {
    const work = async () => {
      await undefined;
      now += 1000;
      return 'done';
    };
    expect(await time.during('evaluation', work)).toBe('done');
    now += 200;
    const failing = time.during('checkpoint', async () => {
      await work();
      throw new Error('boom');
    });
    await expect(failing).rejects.toThrow('boom');
    expect(time.take()).toMatchObject({ evaluation: 1, checkpoint: 1, other: 0.2 });
  });
});
