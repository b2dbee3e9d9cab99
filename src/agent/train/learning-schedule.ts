import { algorithmOf } from '../algorithms/index.ts';
import { significant, whole } from '../common/numbers.ts';
import type { Config } from '../config/config.ts';

/** Says how the schedule changes where a run resumes after `envSteps` with another length; undefined where it does not. */
export function explainLength(
  config: Config,
  envSteps: number,
  before = config.train.totalSteps,
): string | undefined {
  const { totalSteps } = config.train;
  const { definition, settings } = algorithmOf(config);
  const at = (total: number) => definition.schedule(settings, Math.min(1, envSteps / total));
  const [was, is] = [at(before), at(totalSteps)];
  const names = Object.keys(is).filter((name) => was[name] !== is[name]);
  if (names.length === 0) return undefined;
  const changes = names.map(
    (name) => `${name} ${significant(was[name])} → ${significant(is[name])}`,
  );
  return (
    `train.totalSteps: ${whole(before)} → ${whole(totalSteps)}, which stretches the schedule: ` +
    `${changes.join(', ')} from this step on`
  );
}
