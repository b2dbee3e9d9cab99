import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { palette } from '../common/palette.ts';
import type { Drawing, Info, Shape } from '../contract/env.ts';
import { Discrete } from '../spaces/discrete.ts';
import { MultiDiscrete } from '../spaces/multi-discrete.ts';
import { defineEnv } from './entry.ts';
import { EpisodicEnv, type Outcome } from './episodic-env.ts';

const options = z
  .strictObject({
    layers: z
      .int()
      .min(1)
      .max(64)
      .default(3)
      .describe('Layers of pointers (K); also the most hops that a question asks for.'),
    width: z
      .int()
      .min(2)
      .max(256)
      .default(5)
      .describe('Nodes in each layer (M); also the number of possible answers.'),
    minHops: z
      .int()
      .min(1)
      .default(1)
      .describe('Fewest hops that a question asks for; at most layers.'),
  })
  .refine((o) => o.minHops <= o.layers, {
    path: ['minHops'],
    error: 'expected at most the number of layers',
  });

export type KHopOptions = z.infer<typeof options>;

interface State {
  /** Rows of (name, target, hops) in the order shown. */
  tokens: number[][];
  hops: number;
  answer: number;
}

/**
 * ## Description
 * Pointer chasing, the smallest task that needs as many sequential steps as it has hops. There are K
 * layers of M nodes. Each node points to a node of the next layer, drawn independently and uniformly,
 * so several nodes may share a target and others have no pointer to them; neither elimination nor a
 * walk backwards helps. The nodes of layer K have no pointers and are the answers. Follow the pointers
 * for k hops from a given start in layer 0. Each episode draws new pointers, a new start, k (uniform
 * in minHops..K) and a new order of the tokens, and is one decision long.
 *
 * ## Action Space
 * `Discrete(M)`: the index within its layer of the node reached after k hops.
 *
 * ## Observation Space
 * `MultiDiscrete`, shape [1 + K·M, 3], a set: one shuffled token per row. A node's id is
 * `layer · M + index`; with V = (K + 1)·M + 1, the id V − 1 means "question".
 *
 * | Token    | name (V) | target (V) | hops (K + 1) |
 * |----------|----------|------------|--------------|
 * | question | V − 1    | start's id | k            |
 * | node     | its id   | its target | 0            |
 *
 * ## Rewards
 * 1 for the right node, else 0.
 *
 * ## Starting State
 * As drawn above. `info.difficulty` is k.
 *
 * ## Episode End
 * Terminates after the one decision; `info.success` says whether it was right.
 *
 * ## Arguments
 * `layers` K = 3, `width` M = 5, `minHops` = 1.
 *
 * ## Version History
 * - v0: first version.
 */
export class KHop extends EpisodicEnv<Int32Array, number, State> {
  readonly observationSpace: MultiDiscrete;
  readonly actionSpace: Discrete;
  readonly #options: KHopOptions;

  constructor(options: KHopOptions) {
    super('KHop-v0');
    const { layers, width } = options;
    const rows = 1 + layers * width;
    const vocabulary = (layers + 1) * width + 1;
    const row = [vocabulary, vocabulary, layers + 1];
    this.#options = options;
    this.observationSpace = new MultiDiscrete(Array(rows).fill(row).flat(), {
      shape: [rows, 3],
      as: 'set',
    });
    this.actionSpace = new Discrete(width);
  }

  protected begin(rng: Rng): State {
    const { layers, width, minHops } = this.#options;
    const targets: number[] = [];
    for (let id = 0; id < layers * width; id++) {
      targets.push((Math.floor(id / width) + 1) * width + rng.int(width));
    }
    const start = rng.int(width);
    const hops = minHops + rng.int(layers - minHops + 1);
    let reached = start;
    for (let hop = 0; hop < hops; hop++) reached = targets[reached];
    const question = [(layers + 1) * width, start, hops];
    const nodes = targets.map((target, id) => [id, target, 0]);
    return { tokens: rng.shuffle([question, ...nodes]), hops, answer: reached % width };
  }

  protected advance(state: State, action: number): Outcome<State> {
    const success = action === state.answer;
    return { state, reward: success ? 1 : 0, terminated: true, success };
  }

  protected observe(state: State): Int32Array {
    const obs = new Int32Array(this.observationSpace.size);
    let i = 0;
    for (const [name, target, hops] of state.tokens) {
      obs[i++] = name;
      obs[i++] = target;
      obs[i++] = hops;
    }
    return obs;
  }

  protected override describe(state: State): Info {
    return { difficulty: state.hops };
  }

  /** The pointers from left to right, with those from the start to the answer emphasized. */
  protected draw({ tokens, hops }: State): Drawing {
    const { layers, width } = this.#options;
    const at = (id: number) => ({
      x: 36 + 84 * Math.floor(id / width),
      y: 64 + 44 * (id % width),
    });
    const question = tokens.findIndex(([name]) => name === (layers + 1) * width);
    const [, start] = tokens[question];
    const way = [start];
    for (let hop = 0; hop < hops; hop++) {
      way.push(tokens.find(([name]) => name === way[hop])![1]);
    }
    const pointers = tokens.flatMap(([name, target], token): (Shape & { type: 'line' })[] => {
      if (token === question) return [];
      const [from, to] = [at(name), at(target)];
      const onWay = way.slice(0, -1).includes(name);
      const look = { stroke: onWay ? palette.ink : palette.pale, width: onWay ? 4 : 2 };
      return [{ type: 'line', x1: from.x, y1: from.y, x2: to.x, y2: to.y, ...look, token }];
    });
    // Draws the way to the answer last, over the other pointers.
    pointers.sort((a, b) => a.width! - b.width!);
    const nodes = Array.from({ length: (layers + 1) * width }, (_, id): Shape[] => {
      const { x, y } = at(id);
      const marked = id === start || id === way[hops];
      const fill = id === start ? palette.agent : marked ? palette.goal : palette.pale;
      const text = String(id % width);
      return [
        { type: 'circle', x, y, radius: 15, fill },
        {
          ...{ type: 'text', x: x - 5 * text.length, y: y + 6, text, size: 16 },
          fill: marked ? palette.paper : palette.ink,
        },
      ];
    });
    const text = `From ${start}, follow ${hops} ${hops === 1 ? 'pointer' : 'pointers'}`;
    return {
      width: 84 * layers + 72,
      height: 64 + 44 * width,
      shapes: [
        { type: 'text', x: 22, y: 28, text, fill: palette.ink, token: question },
        ...pointers,
        ...nodes.flat(),
      ],
    };
  }
}

export const kHop = defineEnv<KHopOptions>({
  id: 'KHop-v0',
  summary:
    'Follow pointers through layers of nodes for k hops; a single decision whose needed depth is known.',
  options,
  make: (options) => new KHop(options),
});
