import type { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import type { Row } from '../contract/row.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import type { SpaceJson } from '../contract/space-json.ts';
import { Dict } from './dict.ts';
import { checkParts } from './is-space.ts';
import { refuseMask } from './masks.ts';
import { MultiDiscrete } from './multi-discrete.ts';
import { explainBy } from './schema.ts';
import { Sequence } from './sequence.ts';

/** What the nodes and the edges of a `Graph` are, and the most of each. */
export interface GraphOptions<N = unknown, E = unknown> {
  /** The space of each node. */
  nodes: Space<N>;
  /** The space of each edge; without it, edges only link. */
  edges?: Space<E>;
  /** The most nodes. */
  maxNodes: number;
  /** The most edges. */
  maxEdges: number;
}

/** A value of a `Graph`. */
export interface GraphValue<N = unknown, E = unknown> {
  /** What each node is. */
  nodes: N[];
  /** What each edge is; absent where the space says nothing about edges. */
  edges?: E[];
  /** The two nodes that each edge links: `[from, to]`, indices into `nodes`. */
  edgeLinks: ArrayLike<number>[];
}

/**
 * Graphs of any size up to a limit: nodes, and edges between two of them (gymnasium.spaces.Graph, which has no limit).
 *
 * ```ts
 * import { Box, Discrete, Graph } from 'pondera';
 *
 * const roads = new Graph({
 *   nodes: new Box({ shape: [2], low: 0, high: 1 }), // where a town is
 *   edges: new Discrete(3), // the kind of the road
 *   maxNodes: 10,
 *   maxEdges: 20,
 * });
 * console.log(roads.contains({ nodes: [[0, 0], [0.5, 1]], edges: [2], edgeLinks: [[0, 1]] }));
 * ```
 */
export class Graph<N = unknown, E = unknown> implements Space<GraphValue<N, E>> {
  readonly type = 'graph';
  readonly size: number;
  /** The space of each node. */
  readonly nodes: Space<N>;
  /** The space of each edge; undefined where edges only link. */
  readonly edges: Space<E> | undefined;
  /** The most nodes. */
  readonly maxNodes: number;
  /** The most edges. */
  readonly maxEdges: number;
  /**
   * A graph as a Dict: Sequences of `nodes`, of `edges` where they are more than links, and of `edgeLinks`.
   * @internal
   */
  readonly parts: Dict;
  #schema?: z.ZodType<GraphValue<N, E>>;

  /**
   * Makes a space.
   * @throws TypeError for nodes or edges of no space, RangeError for a wrong number of them
   */
  constructor(options: GraphOptions<N, E>) {
    const { nodes, edges, maxNodes, maxEdges } = options ?? {};
    checkParts('Graph', [['nodes', nodes]]);
    if (edges !== undefined) checkParts('Graph', [['edges', edges]]);
    for (const [name, most] of Object.entries({ maxNodes, maxEdges })) {
      if (Number.isSafeInteger(most) && most >= 1) continue;
      throw new RangeError(
        `Graph: expected ${name} to be a positive integer, got ${describe(most)}`,
      );
    }
    this.nodes = nodes;
    this.edges = edges;
    this.maxNodes = maxNodes;
    this.maxEdges = maxEdges;
    const upTo = (space: Space, maxLength: number) =>
      new Sequence(space, { maxLength, as: 'set' }) as Space;
    this.parts = new Dict([
      ['nodes', upTo(nodes as Space, maxNodes)],
      ...(edges ? [['edges', upTo(edges as Space, maxEdges)] as const] : []),
      ['edgeLinks', upTo(new MultiDiscrete([maxNodes, maxNodes]) as Space, maxEdges)],
    ]);
    this.size = this.parts.size;
  }

  get schema(): z.ZodType<GraphValue<N, E>> {
    const parts = this.parts.schema as unknown as z.ZodType<GraphValue<N, E>>;
    this.#schema ??= parts.superRefine((graph, { addIssue }) => {
      const wrong = this.#wrongLinks(graph);
      if (wrong !== undefined) addIssue({ code: 'custom', ...wrong });
    });
    return this.#schema;
  }

  /** What the links say that the nodes and edges do not, in parts that are right each by itself. */
  #wrongLinks({ nodes, edges, edgeLinks }: GraphValue<N, E>) {
    if (edges !== undefined && edges.length !== edgeLinks.length) {
      const message = `expected one for each of ${edges.length} edges, got ${edgeLinks.length}`;
      return { path: ['edgeLinks'], message };
    }
    const i = edgeLinks.findIndex((link) => Math.max(link[0], link[1]) >= nodes.length);
    if (i < 0) return undefined;
    const message = `expected two indices of ${nodes.length} nodes, got ${describe(edgeLinks[i])}`;
    return { path: ['edgeLinks', i], message };
  }

  contains(value: unknown): value is GraphValue<N, E> {
    return this.parts.contains(value) && this.#wrongLinks(value as never) === undefined;
  }

  explain(value: unknown): string | undefined {
    return this.contains(value) ? undefined : explainBy(this.schema, value);
  }

  /** Draws a uniform number of nodes, one of edges, and each edge's two nodes. It takes no mask. */
  sample(rng: Rng, mask?: ActionMask): GraphValue<N, E> {
    refuseMask('Graph', mask);
    const count = rng.int(this.maxNodes + 1);
    const nodes = Array.from({ length: count }, () => this.nodes.sample(rng));
    const edgeCount = count === 0 ? 0 : rng.int(this.maxEdges + 1);
    const edgeLinks = Array.from({ length: edgeCount }, () =>
      Int32Array.of(rng.int(count), rng.int(count)),
    );
    const { edges } = this;
    return { nodes, ...(edges && { edges: edgeLinks.map(() => edges.sample(rng)) }), edgeLinks };
  }

  write(value: GraphValue<N, E>, row: Row, offset = 0): void {
    this.parts.write(value as never, row, offset);
  }

  read(row: ArrayLike<number>, offset = 0): GraphValue<N, E> {
    return this.parts.read(row, offset) as unknown as GraphValue<N, E>;
  }

  toJSON(): SpaceJson {
    const { type, nodes, edges, maxNodes, maxEdges } = this;
    const said = edges && { edges: edges.toJSON() };
    return { type, nodes: nodes.toJSON(), ...said, maxNodes, maxEdges };
  }
}
