import { z } from 'zod';

/** The section `kernels` of a config. */
export const kernelsSettings = z.strictObject({
  build: z
    .enum(['auto', 'strict', 'relaxed', 'simd'])
    .default('auto')
    .describe(
      'Build of the kernels. strict: the same results on every machine and Node.js version; the fastest build where Node.js joins vectors (24 to 26 on x64). relaxed: rounds as the processor does. simd: strict without joined vectors. auto: the fastest build that runs here.',
    ),
  threads: z
    .union([z.literal('auto'), z.int().min(1).max(64)])
    .default('auto')
    .describe(
      'Threads that compute; results do not depend on their number. auto: measures one thread and all cores when training starts, and takes the faster.',
    ),
  arenaMiB: z
    .int()
    .min(1)
    .max(4096)
    .default(1024)
    .describe(
      'Most memory that tensors may use, in MiB. The process takes only the part that tensors touch. Training does not start if it would need more.',
    ),
});
