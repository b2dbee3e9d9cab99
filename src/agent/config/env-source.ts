import { resolve } from 'node:path';
import {
  checkedEnv,
  type Env,
  EnvError,
  type EnvFactory,
  EnvOptionsError,
  EnvPool,
  type EnvPoolOptions,
  envIds,
  frameStack,
  hideParts,
  loadEnvFactory,
  makeEnv,
  RemoteEnvs,
  type RemoteSource,
  realTime,
  type Space,
  timeLimit,
} from '../../envs/index.ts';
import { UsageError } from '../common/errors.ts';
import { recordedEnv } from '../run/index.ts';
import type { Config } from './config.ts';
import { envName } from './env-name.ts';

/** What is given in place of what a config says of its environments. */
export interface GivenEnv {
  /** An environment passed to the library, in place of the config's. */
  env?: EnvFactory;
  /** Told where environments may dial in, once they may. */
  onListening?: (url: string) => void;
}

/** Where a run's environments come from, in process or not. */
export interface EnvSource {
  /** Environments side by side. @throws EnvError where they cannot be made, UsageError for options that they do not take */
  pool(
    options: Omit<EnvPoolOptions, 'name' | 'timeoutMs'> & {
      /** Put around each, over the config's own wrappers. */
      outermost?: (env: Env) => Env;
      /** Options that go over `env.options`. */
      envOptions?: Readonly<Record<string, unknown>>;
    },
  ): Promise<EnvPool>;
  /** @throws EnvError where no environment can be made */
  spaces(): Promise<{ observationSpace: Space; actionSpace: Space }>;
}

/**
 * The environments that a config names, with the wrappers it asks for. Aborting the signal gives up waiting for
 * those elsewhere.
 * @throws UsageError where there is no such environment, or its options are not as expected
 */
export async function envSource(
  config: Config,
  baseDir: string,
  { env: given, onListening, signal }: GivenEnv & { signal?: AbortSignal } = {},
): Promise<EnvSource> {
  if (given !== undefined && /^class\b/.test(String(given))) {
    throw new UsageError(
      `env: expected a function that makes an environment, got a class; pass () => new ${given.name}()`,
    );
  }
  const { env, train } = config;
  const name = envName(config);
  const remote = given ? undefined : remoteSource(env, baseDir);
  // What a thread will run is loaded here too, so that what is wrong with it is told at once.
  const local = remote === undefined || 'workers' in remote;
  const factory = local ? (given ?? (await named(env, baseDir))) : undefined;
  const here: EnvSource['pool'] = ({ outermost = (env) => env, envOptions, ...options }) => {
    const given = { ...env.options, ...envOptions };
    return EnvPool.create(async () => outermost(wrapped(await factory!(given), env)), {
      ...options,
      name,
      timeoutMs: env.timeoutMs,
    }).catch(refusedOptions);
  };
  const elsewhere: EnvSource['pool'] = async (given) => {
    const { outermost = (env) => env, envOptions, ...options } = given;
    const { count, seed } = options;
    const group = {
      ...{ source: withOptions(remote!, envOptions), count, seed, timeoutMs: env.timeoutMs },
      ...{ onListening, signal },
    };
    const { envs } = await RemoteEnvs.open(group).catch((cause) => {
      throw new EnvError('could not be reached', { name, env: 0, seed, cause });
    });
    let made = 0;
    const make = () => outermost(wrapped(envs[made++], env));
    // Who keeps time is the thread that has their sockets.
    return EnvPool.create(make, { ...options, name, timeoutMs: Infinity, elsewhere: true });
  };
  return {
    pool: remote ? elsewhere : here,
    spaces: async () => {
      // One that is only looked at needs no thread of its own, and may close as it likes.
      const one = await (local ? here : elsewhere)({ count: 1, seed: train.seed, maxFailures: 0 });
      const { observationSpace, actionSpace } = one;
      await one.close();
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

/** The clock is the outermost, so that limits and frames count its ticks. */
function wrapped(made: Env, config: Config['env']): Env {
  const { maxEpisodeSteps, hide, frameStack: count, realTime: clock } = config;
  const whole = checkedEnv(made);
  const env = hide === undefined ? whole : hideParts(whole, hide);
  const limited =
    maxEpisodeSteps === undefined ? env : timeLimit(env, { maxSteps: maxEpisodeSteps });
  const stacked = count > 1 ? frameStack(limited, { count, padding: 'reset' }) : limited;
  return clock === undefined ? stacked : realTime(stacked, clock);
}

async function named(
  { id, module, recordings, options }: Config['env'],
  baseDir: string,
): Promise<EnvFactory> {
  try {
    if (module !== undefined) return await loadEnvFactory(module, baseDir);
    if (recordings) return await recordedEnv(recordings.map((path) => resolve(baseDir, path)));
    if (id === undefined) {
      throw new Error(
        'expected id, module, url, listen or recordings, or an environment passed to the library; got none',
      );
    }
    makeEnv(id, options).close?.();
    return (options) => makeEnv(id, options);
  } catch (error) {
    const where = id === undefined || envIds().includes(id) ? 'env' : 'env.id';
    throw new UsageError(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws UsageError where an environment was not made since its options are wrong, otherwise the error */
function refusedOptions(error: Error): never {
  const { cause } = error;
  if (!(cause instanceof EnvOptionsError)) throw error;
  throw new UsageError(`env: ${cause.message}`, { cause: error });
}

/** The source with more options for environments that are made in threads; a server has options of its own. */
function withOptions(
  source: RemoteSource,
  more: Readonly<Record<string, unknown>> | undefined,
): RemoteSource {
  if (more === undefined || !('workers' in source)) return source;
  const { env } = source;
  return { ...source, env: { ...env, options: { ...(env.options as object), ...more } } };
}

/** Where the environments run; undefined where that is the training thread. */
function remoteSource(env: Config['env'], baseDir: string): RemoteSource | undefined {
  const { id, options, url, listen, workers, frame, tokenEnv } = env;
  const token = tokenEnv === undefined ? undefined : process.env[tokenEnv];
  if (tokenEnv !== undefined && token === undefined) {
    throw new UsageError(
      `env.tokenEnv: expected a token in the environment variable ${tokenEnv}, got none`,
    );
  }
  if (url !== undefined) return { urls: [url].flat().map(endpoint), token, frame };
  if (listen !== undefined) {
    const [, host, port] = /^(.*):(\d+)$/.exec(listen)!;
    return { listen: { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port), token } };
  }
  if (workers === undefined) return undefined;
  const module = env.module?.startsWith('file:')
    ? env.module
    : env.module && resolve(baseDir, env.module);
  return { workers, env: { id, module, options } };
}

/** A server's address is enough: where on it environments are is known. */
export function endpoint(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname === '/') parsed.pathname = '/v1/env';
  return parsed.href;
}
