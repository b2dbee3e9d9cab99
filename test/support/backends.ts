import type { BackendName } from '../../src/kernels/index.ts';

const asked = process.env.PONDERA_TEST_BACKEND as BackendName | undefined;

/**
 * How far the same number may differ in batches of other sizes: our kernels sum in one order, libtensorflow in one that depends
 * on the size.
 */
export const acrossBatches = (backend: BackendName) => (backend === 'tensorflow' ? 3e-4 : 1e-5);

/** The backends that a test runs on: these, or the one that PONDERA_TEST_BACKEND asks for. */
export const backends = (...usual: BackendName[]): BackendName[] => (asked ? [asked] : usual);
