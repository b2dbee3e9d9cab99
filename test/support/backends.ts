import type { BackendName } from '../../src/kernels/index.ts';

const asked = process.env.PONDERA_TEST_BACKEND as BackendName | undefined;

/** The backends that a test runs on: these, or the one that PONDERA_TEST_BACKEND asks for. */
export const backends = (...usual: BackendName[]): BackendName[] => (asked ? [asked] : usual);
