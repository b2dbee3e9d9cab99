/**
 * A trained policy plays CartPole in a browser, one decision a frame: no server thinks for it. Train one, and serve the
 * repository with the page; esbuild bundles it on each request.
 *
 *     npm run pondera -- train cartpole
 *     npx esbuild examples/browser/cart-pole.ts --bundle --format=esm --outdir=examples/browser --servedir=.
 *
 * Then open http://127.0.0.1:8000/examples/browser/. `?run=/runs/other/` shows another run of CartPole.
 */
import { loadAgent } from 'pondera/act';
import { makeEnv } from 'pondera/envs/builtin';
import { draw } from './draw.ts';

/** Decisions that the shown times are of: about ten seconds. */
const RECENT = 600;

const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const canvas = element<HTMLCanvasElement>('game');
const show = (id: string, text: string) => {
  element(id).textContent = text;
};

async function main(): Promise<void> {
  const run = new URLSearchParams(location.search).get('run') ?? '/runs/cartpole/';
  const agent = await loadAgent(run);
  const env = makeEnv('CartPole-v1');
  let { obs } = await env.reset({ seed: 1 });
  let [decisions, episodes, length] = [0, 0, 0];
  const times: number[] = [];

  const frame = async () => {
    const begin = performance.now();
    const { action, thought } = await agent.act(obs);
    times.push(performance.now() - begin);
    if (times.length > RECENT) times.shift();
    const step = await env.step(action);
    obs = step.obs;
    decisions++;
    length++;
    draw(canvas, await env.render!());
    show('decisions', String(decisions));
    show('thought', String(thought.ponderSteps));
    show('median', `${quantile(times, 0.5).toFixed(2)} ms`);
    show('slow', `${quantile(times, 0.99).toFixed(2)} ms`);
    if (step.terminated || step.truncated) {
      show('last', `${length} steps, episode ${++episodes}`);
      length = 0;
      ({ obs } = await env.reset());
    }
    requestAnimationFrame(tell);
  };
  const tell = () => void frame().catch(fail);
  tell();
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function fail(error: Error): void {
  show('problem', error.message);
}

void main().catch(fail);
