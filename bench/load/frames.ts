import type { ActingAgent } from '../../src/agent/act/index.ts';
import { makeEnv } from '../../src/envs/builtin/index.ts';

/**
 * Plays CartPole, one decision a frame.
 * @param nextFrame resolves when the next frame is due
 * @returns the time of each decision, in ms
 */
export async function playFrames(
  agent: ActingAgent,
  frames: number,
  nextFrame: () => Promise<unknown>,
): Promise<number[]> {
  const env = makeEnv('CartPole-v1');
  let { obs } = await env.reset({ seed: 1 });
  const times: number[] = [];
  while (times.length < frames) {
    await nextFrame();
    const begin = performance.now();
    const { action } = await agent.act(obs);
    times.push(performance.now() - begin);
    const step = await env.step(action);
    obs = step.terminated || step.truncated ? (await env.reset()).obs : step.obs;
  }
  return times;
}
