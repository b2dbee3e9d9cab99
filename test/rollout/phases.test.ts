import { beforeEach, describe, expect, it } from 'vitest';
import { Phases } from '../../src/rollout/index.ts';

let now: number;
let phases: Phases;

beforeEach(() => {
  now = 5000;
  phases = new Phases(() => now);
});

const none = { environment: 0, inference: 0, learning: 0, evaluation: 0, checkpoint: 0, other: 0 };

describe('phases', () => {
  it('count nothing before anything has begun, nor between spans', () => {
    now += 1000;
    const span = phases.begin('learning');
    now += 250;
    phases.end(span);
    now += 1000;
    expect(phases.take()).toEqual({ ...none, learning: 0.25, inferenceByDepth: [] });
  });

  it('count a moment once: for the span begun last', () => {
    const outer = phases.begin('environment');
    now += 1000;
    const inner = phases.begin('other');
    now += 200;
    phases.end(inner);
    now += 30;
    phases.end(outer);
    expect(phases.take()).toEqual({ ...none, environment: 1.03, other: 0.2, inferenceByDepth: [] });
  });

  it('count on where spans overlap and the first ends first', () => {
    const tick = phases.begin('inference');
    now += 1000;
    const learning = phases.begin('learning');
    now += 200;
    phases.end(tick, [1]);
    now += 30;
    phases.end(learning);
    expect(phases.take()).toEqual({ ...none, inference: 1, learning: 0.23, inferenceByDepth: [1] });
  });

  it('count waiting only where nothing else runs', () => {
    const learning = phases.begin('learning');
    const waiting = phases.wait('environment');
    now += 1000;
    phases.end(learning);
    now += 200;
    const evaluation = phases.begin('evaluation');
    now += 30;
    phases.end(evaluation);
    now += 4;
    phases.end(waiting);
    expect(phases.take()).toEqual({
      ...none,
      learning: 1,
      environment: 0.204,
      evaluation: 0.03,
      inferenceByDepth: [],
    });
  });

  it('share a tick evenly among its thoughts, by the step each took', () => {
    const first = phases.begin('inference');
    now += 1000;
    phases.end(first, [1, 1, 3, 2]);
    const second = phases.begin('inference');
    now += 500;
    phases.end(second, [3]);
    expect(phases.take()).toEqual({ ...none, inference: 1.5, inferenceByDepth: [0.5, 0.25, 0.75] });
    expect(phases.take()).toEqual({ ...none, inferenceByDepth: [0, 0, 0] });
  });

  it('are taken from a span that goes on', () => {
    const span = phases.begin('checkpoint');
    now += 1000;
    expect(phases.take().checkpoint).toBe(1);
    now += 200;
    phases.end(span);
    expect(phases.take().checkpoint).toBe(0.2);
  });

  it('count what is done during them, until it ends or fails', async () => {
    const work = async () => {
      await undefined;
      now += 1000;
      return 'done';
    };
    expect(await phases.during('evaluation', work)).toBe('done');
    now += 200;
    const failing = phases.during('checkpoint', async () => {
      await work();
      throw new Error('boom');
    });
    await expect(failing).rejects.toThrow('boom');
    now += 200;
    expect(phases.take()).toEqual({ ...none, evaluation: 1, checkpoint: 1, inferenceByDepth: [] });
  });
});
