import { Box, Discrete, type Env, Graph, type GraphValue } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';

const KINDS = 3;

/**
 * Of which kind is the node that is reached from the marked one over `hops` links? One decision an episode. The graph has
 * three to `most` nodes, and edges in any order: one from each node to any other, worth 1, which is to be followed; and
 * with `traps` one from each node to any other, worth −1. So the answer needs the nodes, the links and, with traps, what
 * the edges are. Chance is 1/3.
 */
export function linksEnv({ hops = 1, most = 5, traps = true }): Env<GraphValue, number> {
  const observationSpace = new Graph({
    nodes: new Box({ shape: [1 + KINDS], low: 0, high: 1 }),
    edges: new Box({ shape: [1], low: -1, high: 1 }),
    maxNodes: most,
    maxEdges: traps ? 2 * most : most,
  });
  let rng = Rng.seed(0);
  let obs: GraphValue;
  let answer = 0;
  const draw = () => {
    const count = 3 + rng.int(most - 2);
    const kinds = Array.from({ length: count }, () => rng.int(KINDS));
    const other = (node: number) => (node + 1 + rng.int(count - 1)) % count;
    const next = kinds.map((_, node) => other(node));
    const start = rng.int(count);
    let reached = start;
    for (let hop = 0; hop < hops; hop++) reached = next[reached];
    answer = kinds[reached];
    const edges = kinds.flatMap((_, node) => [
      { link: [node, next[node]], worth: 1 },
      ...(traps ? [{ link: [node, other(node)], worth: -1 }] : []),
    ]);
    for (let i = edges.length - 1; i > 0; i--) {
      const j = rng.int(i + 1);
      [edges[i], edges[j]] = [edges[j], edges[i]];
    }
    obs = {
      nodes: kinds.map((kind, node) =>
        Float32Array.from([
          +(node === start),
          ...Array.from({ length: KINDS }, (_, k) => +(k === kind)),
        ]),
      ),
      edges: edges.map(({ worth }) => Float32Array.of(worth)),
      edgeLinks: edges.map(({ link }) => link),
    };
  };
  return {
    observationSpace,
    actionSpace: new Discrete(KINDS),
    reset({ seed } = {}) {
      if (seed !== undefined) rng = Rng.seed(seed);
      draw();
      return { obs, info: {} };
    },
    step(action) {
      const reward = Number(action === answer);
      return { obs, reward, terminated: true, truncated: false, info: {} };
    },
  };
}
