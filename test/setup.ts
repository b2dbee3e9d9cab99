import fc from 'fast-check';

// The same cases on every machine, so that a red run is a change's fault; others by hand:
// PROPERTY_SEED=7 PROPERTY_RUNS=5000 npm test
const { PROPERTY_SEED = '2026', PROPERTY_RUNS = '100' } = process.env;
fc.configureGlobal({ seed: Number(PROPERTY_SEED), numRuns: Number(PROPERTY_RUNS) });
