import type { SpaceJson } from './space-view.ts';

/** How an action distribution is to be shown. */
export interface Actions {
  /** One for each of its numbers. */
  labels: string[];
  /** Whether they are means rather than probabilities. */
  box: boolean;
  /** Which of them were taken. */
  taken: Set<number>;
}

/** The choices of an action space, in the order of a recording's distributions. */
export function actionsOf(json: unknown, action: unknown): Actions {
  const space = json as SpaceJson;
  switch (space.type) {
    case 'discrete': {
      const labels = Array.from({ length: space.n }, (_, i) => String(space.start + i));
      return { labels, box: false, taken: new Set([(action as number) - space.start]) };
    }
    case 'multi-discrete': {
      const labels: string[] = [];
      const taken = new Set<number>();
      space.nvec.forEach((n, part) => {
        taken.add(labels.length + (action as number[])[part] - space.start[part]);
        for (let i = 0; i < n; i++) labels.push(`[${part}] = ${space.start[part] + i}`);
      });
      return { labels, box: false, taken };
    }
    case 'multi-binary': {
      const bits = action as number[];
      const size = space.shape.reduce((a, b) => a * b, 1);
      const labels = Array.from({ length: size }, (_, i) => `bit ${i}`);
      return {
        labels,
        box: false,
        taken: new Set([...labels.keys()].filter((i) => bits[i] === 1)),
      };
    }
    case 'box': {
      const size = space.shape.reduce((a, b) => a * b, 1);
      const labels = Array.from({ length: size }, (_, i) => `a[${i}]`);
      return { labels, box: true, taken: new Set() };
    }
    default:
      return { labels: [], box: false, taken: new Set() };
  }
}
