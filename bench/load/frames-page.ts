import { loadAgent } from '../../src/agent/act/index.ts';
import { playFrames } from './frames.ts';

/** The part of a page that frames come from; the types here are those of Node.js. */
declare const requestAnimationFrame: (resolve: (time: number) => void) => void;

/** Plays a run's agent in the page. */
async function play(frames: number): Promise<number[]> {
  const agent = await loadAgent('/run/');
  return playFrames(agent, frames, () => new Promise(requestAnimationFrame));
}

Object.assign(globalThis, { play });
