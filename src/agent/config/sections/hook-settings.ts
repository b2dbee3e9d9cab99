import { z } from 'zod';
import { moduleOptions } from './module-options.ts';

/** An entry of the list `hooks` of a config. */
export const hookSettings = z.strictObject({
  module: z
    .string()
    .describe(
      'Path of your own module whose default export is a hook. A relative path starts from the folder of the config file.',
    ),
  options: moduleOptions.default({}).describe('Options passed to the hook when training begins.'),
});
