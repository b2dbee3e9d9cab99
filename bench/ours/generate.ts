/** Tokens of the reference language model, the most likely ones: by `agent.generate`, or as a policy server generates them. */
import { readFileSync } from 'node:fs';
import {
  type GenerateOptions,
  type Generator,
  generate,
} from '../../src/agent/agent/generate-tokens.ts';
import { decodeSafetensors } from '../../src/agent/run/index.ts';
import { PolicyBatcher } from '../../src/agent/serve/policy-batcher.ts';
import type { PolicyMetrics } from '../../src/agent/serve/policy-metrics.ts';
import { Rng } from '../../src/index.ts';
import { time } from '../measure.ts';
import { CHECKED, MOST_STEPS, TOKENS, textAgent } from '../text-reference.ts';
import { ROUND, serve, start } from './serve.ts';

/** Generations, enough for V8 to have compiled what they run. */
const WARM_UP = 16;

const { data, batch, server, depths } = await start();
const { segments: _, prompts, ...weights } = decodeSafetensors(readFileSync(data)).tensors;
const agent = await textAgent(MOST_STEPS);
agent.policy.parameters.write(weights);

/** Thoughts end where the most steps of their tokens do. */
const exit = { name: 'fixed', ponderSteps: MOST_STEPS } as const;
const size = Number(batch);

/** What generates, with thoughts by `think`. */
function writerWith(think: Generator['think'], forget: (history: object) => void): Generator {
  const { policy, observationSpace, actionSpace, remembering } = agent;
  return {
    ...{ policy, observationSpace, actionSpace, think },
    remembering: { begin: () => remembering.begin(), forget },
    checkUsable: (owner) => agent.checkUsable(owner),
    rowOf: (obs) => agent.rowOf(obs),
    normalized: (row) => agent.normalized(row),
  };
}

/** The batches of a policy server, without its sockets. */
function served(): Generator {
  const metrics = { wrote() {} } as unknown as PolicyMetrics;
  const onFault = (error: unknown) => {
    throw error;
  };
  const batcher = new PolicyBatcher(agent, { exit, maxBatch: size, queue: size, metrics, onFault });
  return writerWith(batcher.thinkToken.bind(batcher), (history) => batcher.forget(history));
}

const writer = server ? served() : agent;
/** Each token after as many ponder steps as come from `rng`, uniformly. */
const ragged = (rng: Rng) =>
  writerWith(
    (obs, options, see) =>
      writer.think(obs, { ...options, maxSteps: 1 + rng.int(MOST_STEPS) }, see),
    (history) => writer.remembering.forget(history),
  );

/** Generates after each prompt, all at the same time. */
function generated(by: Generator, maxSteps: number) {
  const options: GenerateOptions = { maxTokens: TOKENS, temperature: 0, maxSteps, exit };
  const one = async (_: unknown, i: number) => {
    const written: { token: number; logProb: number }[] = [];
    const tokens = generate(by, [prompts.data[i]], options);
    for await (const { token, logProb } of tokens) written.push({ token, logProb });
    return written;
  };
  return Promise.all(Array.from({ length: size }, one));
}

const checked: { token: number; logProb: number }[] = [];
for (const depth of CHECKED) checked.push(...(await generated(writer, depth)).flat());
const check = {
  tokens: checked.map(({ token }) => token),
  logProbs: checked.map(({ logProb }) => logProb),
};
const ways = depths.split(',').map((name) => ({
  name,
  work: () =>
    name === 'ragged'
      ? generated(ragged(Rng.seed(0, 'bench')), MOST_STEPS)
      : generated(writer, Number(name)),
}));
for (let i = 0; i < WARM_UP; i += size) for (const { work } of ways) await work();
await serve(check, async () => {
  const found: Record<string, number[]> = {};
  for (const { name, work } of ways) {
    const ms: number[] = [];
    for (let left = ROUND; left > 0; left -= ms.at(-1)!) ms.push(await time(work));
    found[name] = ms;
  }
  return { ms: [], ...found };
});
