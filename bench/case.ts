/** The figures that `--json` writes, each of the case it is named after; null where a peer is absent. */
export const FIGURES = {
  matmul: ['matmul.vsTfjsWasm', 'matmul.threads'],
  convolution: ['convolution.vsTfjsWasm', 'convolution.gradientsVsTorch'],
  memory: ['memory.vsTorch'],
  text: [
    'text.training.vsTorch',
    'text.generation.b1.vsTorch',
    'text.generation.b64.vsTorch',
    'text.offLine',
    'text.raggedOffLine',
  ],
  trainStep: ['trainStep.ofMatmul', 'trainStep.vsTfjsWasm', 'trainStep.vsTorch'],
  ragged: ['ragged.vsIdeal', 'ragged.vsMaskedTorch', 'ragged.vsSortedTorch', 'ragged.vsJax'],
  decision: ['decision.b1.p50us', 'decision.b1.p99us'],
  cartpole: ['cartpole.vsSb3'],
  pictures: ['pictures.vsSb3'],
  rollout: ['rollout.vsFixed', 'occupancy'],
  remote: ['remote.ofLocal'],
  cfr: ['cfr.vsOpenSpiel'],
  mcts: ['mcts.vsOpenSpiel', 'mcts.perSecond'],
} as const;

export type CaseName = keyof typeof FIGURES;
export type Figure<Name extends CaseName = CaseName> = (typeof FIGURES)[Name][number];

/** One row of a case's table: columns by name, numbers as measured; null where there is none. */
export type Row = Record<string, string | number | null>;

/** What a case has measured. */
export interface Result<Name extends CaseName> {
  title: string;
  /** What was done, and how it was checked. */
  method: string;
  rows: Row[];
  figures: Record<Figure<Name>, number | null>;
  /** Versions of the peers; who is absent, and why. */
  notes: readonly string[];
}

export type AnyResult = { [Name in CaseName]: Result<Name> }[CaseName];
