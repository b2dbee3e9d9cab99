import { z } from 'zod';

/** The section `watchdog` of a config. */
export const watchdogSettings = z.strictObject({
  envSeconds: z
    .number()
    .min(0)
    .default(300)
    .describe(
      'Warn if no environment has answered for this many seconds while requests are pending; 0 never warns.',
    ),
  threadSeconds: z
    .number()
    .min(0)
    .default(600)
    .describe(
      'Kill the process (SIGKILL) if the training thread has stood still for this many seconds, so that a supervisor such as `pondera daemon` can resume the run; 0 never does.',
    ),
});
