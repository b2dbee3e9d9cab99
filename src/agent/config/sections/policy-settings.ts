import { z } from 'zod';
import { count } from '../../common/config-numbers.ts';
import { moduleOptions } from './module-options.ts';

/** The section `policy` of a config. */
export const policySettings = z
  .strictObject({
    core: z
      .enum(['latent', 'full'])
      .default('latent')
      .describe(
        'Tokens that each ponder step updates. latent: the readout token and the registers, which attend to the observation. full: every token, for grids and planning.',
      ),
    width: count
      .default(48)
      .describe(
        'Size of each token, in numbers (D). Choose a multiple of 4: other widths run without the fused kernels, 5 to 10 times slower.',
      ),
    heads: count
      .default(2)
      .describe('Attention heads of each block (H); their number must divide `width`.'),
    feedForward: count
      .default(96)
      .describe(
        'Hidden units of the feed-forward layer of each block. Choose a multiple of 4: other numbers run without the fused kernels, 5 to 10 times slower.',
      ),
    blocks: count
      .default(1)
      .describe('Transformer blocks of the core; every ponder step applies all of them.'),
    registers: z
      .int()
      .min(0)
      .default(0)
      .describe('Extra tokens that recur beside the readout token.'),
    encoder: z
      .strictObject({
        module: z
          .string()
          .describe(
            'Path of your own module whose default export makes the encoder. A relative path starts from the folder of the config file.',
          ),
        options: moduleOptions
          .default({})
          .describe('Options passed to the encoder when it is made.'),
      })
      .optional()
      .describe(
        'Your own encoder of observations. Without it, the observation space determines the encoder.',
      ),
  })
  .refine((policy) => policy.width % policy.heads === 0, {
    message: 'expected a divisor of policy.width',
    path: ['heads'],
  });
