/** Where time goes, in the order in which it is stacked. */
export const TIME_CATEGORIES = [
  'inference',
  'learning',
  'environment',
  'evaluation',
  'checkpoint',
  'other',
];
export const HISTOGRAM = 'histogram.';

/** Columns that figures are made of; those of a name that ends in a dot begin with it. */
export const SERIES = [
  'return',
  'netReturn',
  'successRate',
  'evaluation.return.mean',
  'evaluation.netReturn.mean',
  'evaluation.successRate',
  'evaluation.ponderSteps.mean',
  'ponderSteps.mean',
  'ponderSteps.p95',
  HISTOGRAM,
  'price',
  'policyLoss',
  'haltLoss',
  'valueLoss',
  'entropy',
  'haltEntropy',
  'kl',
  'haltKl',
  'gradNorm',
  'decisionsPerSecond',
  'tensors',
  'rssBytes',
  'heapBytes',
  'externalBytes',
  'arenaBytes',
  'released',
  ...TIME_CATEGORIES,
];

/** Of what a run's updates report, by name with its meaning: what no figure is made of. */
export function unshown(statistics: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(statistics).filter(([name]) => !SERIES.includes(name));
}
