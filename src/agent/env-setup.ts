import {
  type Env,
  type EnvFactory,
  EnvFailed,
  EnvPool,
  type EnvPoolOptions,
  frameStack,
  loadEnvFactory,
  makeEnv,
  RemoteEnvs,
  type RemoteSource,
  type Space,
  timeLimit,
} from '../envs/index.ts';
import type { Config } from './config.ts';
import { UsageError } from './errors.ts';

/** What errors and reports call the config's environment. */
export function envName({ env }: Config): string {
  const { id, module, url, listen } = env;
  return id ?? module ?? (url && [url].flat().join(', ')) ?? listen ?? 'environment';
}

/** What is given in place of what a config says of its environments. */
export interface GivenEnv {
  /** An environment passed to the library, in place of the config's. */
  env?: EnvFactory;
  /** Told where environments may dial in, once they may. */
  onListening?: (url: string) => void;
}

/** Where a run's environments come from, in process or not. */
export interface EnvSource {
  /** Environments side by side. @throws EnvFailed where they cannot be made */
  pool(options: Omit<EnvPoolOptions, 'name' | 'timeoutMs'>): Promise<EnvPool>;
  /** @throws EnvFailed where no environment can be made */
  spaces(): Promise<{ observationSpace: Space; actionSpace: Space }>;
}

/**
 * The environments that a config names, with the wrappers it asks for.
 * @throws UsageError where there is no such environment, or its options are not as expected
 */
export async function envSource(
  config: Config,
  baseDir: string,
  { env: given, onListening }: GivenEnv = {},
): Promise<EnvSource> {
  const { env, train } = config;
  const name = envName(config);
  const remote = given ? undefined : remoteSource(config);
  // Loaded here even where it will run elsewhere, so that what is wrong with it is told at once.
  const factory =
    given ?? (remote && !('workers' in remote) ? undefined : await named(env, baseDir));
  const pool: EnvSource['pool'] = async (options) => {
    // Who keeps time of remote environments is the thread that has their sockets.
    const timeoutMs = remote ? Infinity : env.timeoutMs;
    const { count, seed } = options;
    let make = () => factory!(env.options);
    if (remote) {
      const { timeoutMs } = env;
      const group = { source: remote, count, seed, timeoutMs, onListening };
      const { envs } = await RemoteEnvs.open(group).catch((cause) => {
        throw new EnvFailed('could not be had', { name, env: 0, seed, cause });
      });
      let made = 0;
      make = () => envs[made++];
    }
    return EnvPool.create(async () => wrapped(await make(), env), { ...options, name, timeoutMs });
  };
  /** One that is only looked at needs no thread of its own. */
  const made = async () => {
    const seed = train.seed;
    try {
      return wrapped(await factory!(env.options), env);
    } catch (cause) {
      throw new EnvFailed('could not be made', { name, env: 0, seed, cause });
    }
  };
  return {
    pool,
    spaces: async () => {
      const one = factory ? await made() : await pool({ count: 1, seed: train.seed });
      const { observationSpace, actionSpace } = one;
      await one.close?.();
      return { observationSpace, actionSpace };
    },
  };
}

/**
 * Makes one environment of a config, with its wrappers, in this process.
 * @throws UsageError where the config names none that is made in process
 */
export async function envMaker({ env }: Config, baseDir: string): Promise<EnvFactory> {
  const factory = await named(env, baseDir);
  return async () => wrapped(await factory(env.options), env);
}

function wrapped(env: Env, { maxEpisodeSteps, frameStack: count }: Config['env']): Env {
  const limited =
    maxEpisodeSteps === undefined ? env : timeLimit(env, { maxSteps: maxEpisodeSteps });
  return count > 1 ? frameStack(limited, { count, padding: 'reset' }) : limited;
}

async function named({ id, module, options }: Config['env'], baseDir: string): Promise<EnvFactory> {
  try {
    if (module !== undefined) return await loadEnvFactory(module, baseDir);
    if (id === undefined) {
      throw new Error('expected an id, a module, a url or one passed to the library');
    }
    makeEnv(id, options).close?.();
    return (options) => makeEnv(id, options);
  } catch (error) {
    throw new UsageError(`env: ${(error as Error).message}`, { cause: error });
  }
}

/** Where the environments are, unless it is here. */
function remoteSource({ env }: Config): RemoteSource | undefined {
  const { id, module, options, url, listen, workers, frame, tokenEnv } = env;
  const token = tokenEnv === undefined ? undefined : process.env[tokenEnv];
  if (tokenEnv !== undefined && token === undefined) {
    throw new UsageError(`env.tokenEnv: expected the variable ${tokenEnv} to hold a token`);
  }
  if (url !== undefined) return { urls: [url].flat().map(endpoint), token, frame };
  if (listen !== undefined) {
    const [, host, port] = /^(.*):(\d+)$/.exec(listen)!;
    return { listen: { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port), token } };
  }
  return workers === undefined ? undefined : { workers, env: { id, module, options } };
}

/** A server's address is enough: where on it environments are is known. */
export function endpoint(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname === '/') parsed.pathname = '/v1/env';
  return parsed.href;
}
