import { UsageError } from '../common/errors.ts';
import type { Config } from './config.ts';
import { configDifferences, differencesText } from './differences.ts';

/**
 * A resumed run is the same run: what shapes learning must not differ. How often it is evaluated and
 * saved may, what it is guarded against, watched for and may take, on how many threads and in how much memory it runs,
 * where its environments are, and it may be made longer.
 *
 * @param where what the message is about, where that is not the run's directory
 * @throws UsageError naming each field that differs, with both values, and what to do instead
 */
export function refuseOther(saved: Config, wanted: Config, runDir: string, where = runDir): void {
  // As JSON has them, where a field that is undefined is not there.
  const [before, now] = [saved, wanted].map((config) =>
    JSON.parse(JSON.stringify(learning(config))),
  );
  const differences = configDifferences(before, now);
  if (differences.length === 0) return;
  throw new UsageError(
    `${where}: a resumed run keeps its settings, but these differ: ${differencesText(differences)}; ` +
      `change them back, or start a new run from its weights with train.warmStart: ${runDir}`,
  );
}

/** What shapes learning. */
function learning({ env, kernels, train, ...rest }: Config) {
  return {
    ...rest,
    evaluation: undefined,
    checkpoint: undefined,
    guards: undefined,
    watchdog: undefined,
    budget: undefined,
    resources: undefined,
    hooks: undefined,
    env: {
      ...env,
      url: undefined,
      listen: undefined,
      workers: undefined,
      frame: undefined,
      tokenEnv: undefined,
      timeoutMs: undefined,
    },
    kernels: { build: kernels.build },
    train: { ...train, totalSteps: undefined },
  };
}
