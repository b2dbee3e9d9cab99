import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { PolicyHistories } from '../../../src/agent/serve/policy-histories.ts';
import { EpisodeHistory } from '../../../src/policy/index.ts';
import type { Decision } from '../../../src/rollout/index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('answers of a session that goes on are garbage, but for the latest', async () => {
  const histories = new PolicyHistories({
    begin: () => new EpisodeHistory(4),
    forgotten: () => {},
  });
  const answers: WeakRef<Decision[]>[] = [];
  const act = async (id: number) => {
    const memory = { history: [7], step: [id] } as never;
    const decisions = await histories.act(id, memory, async (begin) => {
      // A batcher's decisions hold how their thoughts begin.
      const see = begin(1);
      see[0](Float32Array.of(id));
      return [{ action: Float32Array.of(1), observation: { see } } as unknown as Decision];
    });
    answers.push(new WeakRef(decisions));
  };
  for (let id = 0; id < 4; id++) await act(id);
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(answers.map((answer) => answer.deref() !== undefined)).toEqual([
    false,
    false,
    false,
    true,
  ]);
});
