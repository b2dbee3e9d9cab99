import { describe, expect, it } from 'vitest';
import { Sparsity } from '../../../src/agent/exploration/sparsity.ts';

type End = 'terminated' | 'truncated' | 'goes on';

/** The steps of an episode. */
function episode(rewards: number[], end: End, env = 0) {
  return rewards.map((reward, t) => {
    const last = t === rewards.length - 1;
    const [terminated, truncated] = [last && end === 'terminated', last && end === 'truncated'];
    return { env, reward, terminated, truncated };
  });
}

/** The degree after each of these rollouts. */
function degrees(...rollouts: ReturnType<typeof episode>[]): number[] {
  const sparsity = new Sparsity(2);
  return rollouts.map((steps) => {
    sparsity.observe(steps);
    sparsity.close();
    return sparsity.degree;
  });
}

describe('rewards leave what to do unknown', () => {
  it.each<[string, number[], End]>([
    ['nothing is rewarded', [0, 0, 0], 'terminated'],
    ['each step costs the same until a limit', [-1, -1, -1], 'truncated'],
    ['no episode has ended', [-1, -1, -1], 'goes on'],
  ])('where %s', (_, rewards, end) => {
    expect(degrees(episode(rewards, end))).toEqual([1]);
  });

  it.each<[string, number[], End]>([
    ['a reward comes', [0, 0, 1], 'terminated'],
    ['costs end', [-1, -1, -1], 'terminated'],
    ['costs differ', [-1, -1, -100], 'truncated'],
    ['each step is paid', [1], 'goes on'],
    ['there are costs and no cost', [0, -1], 'goes on'],
  ])('but not where %s', (_, rewards, end) => {
    expect(degrees(episode(rewards, end))).toEqual([0]);
  });

  it('a goal that ends costs is none that nothing is known of: afterwards no cost is a good thing', () => {
    const sparsity = new Sparsity(1);
    sparsity.observe(episode([-1, 0], 'truncated'));
    sparsity.observe(episode([0, 0], 'truncated'));
    sparsity.close();
    expect(sparsity.state().mean).toEqual({ episodes: 2, different: 2 });
  });

  it('less, the more episodes of a rollout make a difference: not at all with four of many, or half of a few', () => {
    const many = (won: number, of: number) =>
      Array.from({ length: of }, (_, i) => episode([0, i < won ? 1 : 0], 'terminated')).flat();
    expect(degrees(many(1, 100))).toEqual([0.75]);
    expect(degrees(many(4, 100))).toEqual([0]);
    expect(degrees(many(1, 4))).toEqual([0.5]);
    expect(degrees(many(1, 2))).toEqual([0]);
    // Means: of the first two rollouts, then a tenth for each.
    expect(degrees(many(0, 10), many(1, 10))).toEqual([1, 1 - 0.5 / 4]);
  });

  it('an episode counts once, as soon as it makes a difference', () => {
    const sparsity = new Sparsity(2);
    sparsity.observe(episode([1, 1], 'goes on', 1));
    sparsity.close();
    sparsity.observe(episode([1, 1], 'terminated', 1));
    sparsity.close();
    expect(sparsity.state().mean).toEqual({ episodes: 0.5, different: 0.5 });
  });

  it('a lost episode counts as none', () => {
    const sparsity = new Sparsity(1);
    sparsity.observe(episode([0, 0], 'goes on'));
    sparsity.observe([{ env: 0, reward: 0, terminated: false, truncated: false, lost: 'gone' }]);
    sparsity.close();
    expect(sparsity.state()).toMatchObject({
      mean: { episodes: 0, different: 0 },
      underWay: [{ reward: null, counted: false }],
    });
  });

  it('goes on exactly from its state', () => {
    const steps = [episode([0, 1], 'terminated'), episode([0, 0], 'goes on', 1)].flat();
    const sparsity = new Sparsity(2);
    sparsity.observe(steps);
    sparsity.close();
    const again = new Sparsity(2);
    again.restore(JSON.parse(JSON.stringify(sparsity.state())));
    for (const one of [sparsity, again]) {
      one.observe(episode([0, 1], 'terminated', 1));
      one.close();
    }
    expect(again.state()).toEqual(sparsity.state());
  });
});
