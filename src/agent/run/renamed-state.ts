import { renameKeys } from './rename-keys.ts';

/** The parts of a checkpoint's state that have had other names. */
interface State {
  best?: unknown;
  agent?: unknown;
  algorithm?: unknown;
  optimiserStep?: number;
}

/** The state of a checkpoint by the names of today; Pondera 0.1 had others. */
export function renamedState(written: object): object {
  const { optimiserStep, ...state } = renameKeys(written, { steps: 'envSteps' }) as State;
  // 0.1 learned by PPO alone, whose only counter lay beside the rest.
  if (optimiserStep !== undefined) state.algorithm ??= { optimiserStep };
  const { best, agent, algorithm } = state;
  if (best) state.best = renameKeys(best, { steps: 'envSteps' });
  if (agent) state.agent = renameKeys(agent, { normaliser: 'normalizer' });
  if (algorithm) state.algorithm = renameKeys(algorithm, { optimiserStep: 'optimizerStep' });
  return state;
}
