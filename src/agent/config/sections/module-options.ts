import { z } from 'zod';
import { explainPlain } from '../../../envs/common/index.ts';

/** Given to a module; written down with the run, and sent to threads and processes. */
export const moduleOptions = z.record(z.string(), z.unknown()).superRefine((options, context) => {
  const problem = explainPlain(options, '');
  if (problem === undefined) return;
  const [, within, message] = /^\.?(.*?): (.*)$/s.exec(problem)!;
  context.addIssue({ code: 'custom', message, path: [within] });
});
