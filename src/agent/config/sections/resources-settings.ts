import { z } from 'zod';
import { count } from '../../common/config-numbers.ts';

/** The section `resources` of a config. */
export const resourcesSettings = z.strictObject({
  cores: count
    .default(1)
    .describe(
      'Cores that `pondera daemon` reserves for the run; also its kernels.threads if those are auto.',
    ),
  memoryMiB: count
    .default(2048)
    .describe(
      'Memory that `pondera daemon` reserves for the run, in MiB; also its budget.rssMiB if that is not set.',
    ),
});
