import {
  type Env,
  type EnvFactory,
  frameStack,
  loadEnvFactory,
  makeEnv,
  timeLimit,
} from '../envs/index.ts';
import type { Config } from './config.ts';
import { UsageError } from './errors.ts';

/** What errors and reports call the config's environment. */
export function envName(config: Config): string {
  return config.env.id ?? config.env.module ?? 'environment';
}

/**
 * The factory that a config names, with the wrappers it asks for.
 * @param given an environment passed to the library, in place of the config's id or module
 * @throws UsageError where there is no such environment, or its options are not as expected
 */
export async function envFactory(
  { env }: Config,
  baseDir: string,
  given?: EnvFactory,
): Promise<() => Promise<Env>> {
  const factory = given ?? (await named(env, baseDir));
  return async () => {
    let made = await factory(env.options);
    if (env.maxEpisodeSteps !== undefined) {
      made = timeLimit(made, { maxSteps: env.maxEpisodeSteps });
    }
    if (env.frameStack > 1) made = frameStack(made, { count: env.frameStack, padding: 'reset' });
    return made;
  };
}

async function named({ id, module, options }: Config['env'], baseDir: string): Promise<EnvFactory> {
  try {
    if (module !== undefined) return await loadEnvFactory(module, baseDir);
    if (id === undefined) throw new Error('expected an id, a module or one passed to the library');
    makeEnv(id, options).close?.();
    return (options) => makeEnv(id, options);
  } catch (error) {
    throw new UsageError(`env: ${(error as Error).message}`, { cause: error });
  }
}
