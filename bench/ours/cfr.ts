/** CFR+ on Leduc poker, from the rules of the game on. */
import { Cfr, exploitability, GameTree, makeGame } from '../../src/envs/index.ts';
import { repeated, serve, start } from './serve.ts';

const { iterations, checked } = await start();

function solve(count = Number(iterations)) {
  const tree = new GameTree(makeGame('Leduc-v0'));
  const cfr = new Cfr(tree, { plus: true });
  cfr.iterate(count);
  return { tree, policy: cfr.averagePolicy() };
}

const { tree, policy } = solve(Number(checked));
await serve(
  { exploitability: exploitability(tree, policy) },
  repeated(() => solve()),
);
