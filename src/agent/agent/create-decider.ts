import type { DecisionRequest } from '../../rollout/index.ts';
import { type Decider, type DeciderContext, deciders } from '../../rollout/index.ts';
import type { Config } from '../config/config.ts';

/** The decider that a config names, by its settings there. */
export function createDecider<O extends DecisionRequest = DecisionRequest>(
  config: Config,
  context: DeciderContext<O>,
): Decider<O> {
  const definition = deciders.find(config.decider);
  const sections = config as unknown as Record<string, unknown>;
  return definition.create(context, sections[definition.name]);
}
