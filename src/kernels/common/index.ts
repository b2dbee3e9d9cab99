export { assertFinite, assertShape, NonFiniteError } from './checks.ts';
export { Rng, type RngState } from './rng.ts';
