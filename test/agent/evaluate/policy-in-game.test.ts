import { describe, expect, it } from 'vitest';
import { policyInGame } from '../../../src/agent/evaluate/policy-in-game.ts';
import { Agent } from '../../../src/agent/index.ts';
import { exploitability, GameTree, makeGame } from '../../../src/envs/index.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const kuhn = new GameTree(makeGame('Kuhn-v0'));
const env = { id: 'Kuhn-v0' };

describe('an agent’s policy in a game', () => {
  it('is what it does in each information state', async () => {
    const agent = await Agent.create(tinyConfig({ env }), '.');
    const policy = await policyInGame(agent, kuhn);
    expect([...policy.keys()]).toEqual(kuhn.sets.map(({ key }) => key));
    // The first player holds the highest card, has passed, and the other has bet.
    const { thought } = await agent.act(Int32Array.of(0, 2, 1, 2, 0), { mask: [1, 1] });
    const [pass, bet] = policy.get('2pb') as number[];
    expect(pass + bet).toBeCloseTo(1, 12);
    expect(bet).toBeCloseTo(thought.actions.at(-1)![1], 5);
    const value = exploitability(kuhn, policy);
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(2);
    agent.dispose();
  });

  it('has no probability of an action that is not legal', async () => {
    const leduc = new GameTree(makeGame('Leduc-v0'));
    const agent = await Agent.create(tinyConfig({ env: { id: 'Leduc-v0' } }), '.');
    const policy = await policyInGame(agent, leduc);
    const [first] = leduc.sets;
    expect(first.legalActions).toEqual([1, 2]);
    expect(policy.get(first.key)).toHaveLength(2);
    expect(exploitability(leduc, policy)).toBeGreaterThan(0.5);
    agent.dispose();
  });

  it('of values is their best action alone', async () => {
    const agent = await Agent.create(tinyConfig({ env, algorithm: 'pqn' }), '.');
    await expect(policyInGame(agent, kuhn)).rejects.toThrow(
      /expected probabilities, got .*: an algorithm of values has a policy by \{ deterministic: true \}/,
    );
    const policy = await policyInGame(agent, kuhn, { deterministic: true });
    for (const row of policy.values()) expect([...(row as number[])].sort()).toEqual([0, 1]);
    agent.dispose();
  });

  it('is refused where an observation is not all that the agent acts by, or none of its own', async () => {
    const remembering = await Agent.create(tinyConfig({ env, memory: { length: 4 } }), '.');
    await expect(policyInGame(remembering, kuhn)).rejects.toThrow(
      'policyInGame: expected an agent without a memory, got one with',
    );
    const other = await Agent.create(tinyConfig({ env: { id: 'TicTacToe-v0' } }), '.');
    await expect(policyInGame(other, kuhn)).rejects.toThrow(RangeError);
    for (const agent of [remembering, other]) agent.dispose();
  });
});
