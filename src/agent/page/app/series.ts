/** The phases of an update, in the order in which the figure stacks them. */
export const TIME_CATEGORIES = [
  'inference',
  'learning',
  'environment',
  'evaluation',
  'checkpoint',
  'other',
];
export const HISTOGRAM = 'histogram.';

/** The environment's own numbers, and those of evaluations. */
export const ENV_METRICS = 'envMetrics.';
export const EVALUATED_ENV_METRICS = `evaluation.${ENV_METRICS}`;

/** The columns of the figures. A name that ends in a dot is a prefix. */
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
  ENV_METRICS,
  EVALUATED_ENV_METRICS,
  ...TIME_CATEGORIES,
];

/** The statistics that no figure shows. @param statistics meanings by name */
export function unshown(statistics: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(statistics).filter(([name]) => !SERIES.includes(name));
}
