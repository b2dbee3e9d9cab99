/** Monte Carlo tree search on Connect Four. */
import { Mcts, makeGame } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';
import { repeated, serve, start } from './serve.ts';

const { simulations } = await start();

const search = new Mcts({ simulations: Number(simulations) });
const rng = Rng.seed(1);
const almost = makeGame('ConnectFour-v0');
for (const column of [3, 3, 2, 2, 4, 4]) almost.apply(column);
const visits = [...search.visits(almost, rng)].sort(([, a], [, b]) => b - a);
const game = makeGame('ConnectFour-v0');
await serve(
  { wins: Number([1, 5].includes(visits[0][0])) },
  repeated(() => search.visits(game, rng)),
);
