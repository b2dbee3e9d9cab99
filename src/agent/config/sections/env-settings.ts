import { z } from 'zod';
import { count, positive } from '../../common/config-numbers.ts';
import { moduleOptions } from './module-options.ts';

const socketUrl = z
  .string()
  .regex(/^wss?:\/\/./, 'expected an address that starts with ws:// or wss://')
  .refine((url) => URL.canParse(url), 'expected an address, such as ws://127.0.0.1:8765');

/** The section `env` of a config. */
export const envSettings = z
  .strictObject({
    id: z
      .string()
      .optional()
      .describe('Name of a built-in environment, such as KHop-v0; `pondera envs` lists them.'),
    module: z
      .string()
      .optional()
      .describe(
        'Path of your own module whose default export makes one environment, (options) => env. A relative path starts from the folder of the config file.',
      ),
    options: moduleOptions
      .default({})
      .describe(
        'Options passed to the environment when it is made; `pondera envs` lists those of built-in ones.',
      ),
    url: z
      .union([socketUrl, z.array(socketUrl).min(1)])
      .optional()
      .describe(
        'Address of a server that runs the environments (ws://… or wss://…), or a list of addresses to divide them among.',
      ),
    listen: z
      .string()
      .regex(/^[^/]+:\d{1,5}$/, 'expected an address, such as 127.0.0.1:8765')
      .refine(
        (address) => Number(/\d+$/.exec(address)?.[0]) < 65_536,
        'expected a port of 0..65535',
      )
      .optional()
      .describe('Address (host:port) at which the trainer waits for environments to connect.'),
    recordings: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'Paths of recordings (`pondera record`): episodes go on as recorded, whatever the action, and each recorded action is info.demonstration, from which `algorithm: likelihood` learns. A relative path starts from the folder of the config file.',
      ),
    tokenEnv: z
      .string()
      .optional()
      .describe(
        'Name of the environment variable that holds the access token: the one to send to `url`, or the one that environments must send to `listen`. Without it, no token is used.',
      ),
    workers: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe(
        'Worker threads that run the environments of `id` or `module`, for environments that are slow or block. Without it, they run in the training thread.',
      ),
    frame: count
      .default(64)
      .describe(
        'Most environments that share one connection to a server (`url`), and one message on it.',
      ),
    count: count.default(16).describe('Environments that run side by side (N).'),
    maxEpisodeSteps: count
      .optional()
      .describe(
        'Environment steps after which an episode is truncated. Without it, there is no limit beyond the environment’s own.',
      ),
    hide: z
      .array(z.union([z.int().min(0), z.string()]))
      .min(1)
      .optional()
      .describe(
        'Parts of observations that the policy does not see: indices of entries, or keys of a Dict. Without it, it sees them all.',
      ),
    frameStack: count
      .default(1)
      .describe('Latest observations that are stacked into one; 1 stacks none.'),
    realTime: z
      .strictObject({
        meanwhile: z
          .enum(['hold', 'noop'])
          .default('hold')
          .describe(
            'Action at the ticks that pass while the policy thinks: hold repeats the one before, noop takes the no-op.',
          ),
        noop: z
          .unknown()
          .optional()
          .describe(
            'The no-op, an action: taken during the first thought of an episode, and in place of an action that has become masked. Without it: zeros, where actions are a Box or MultiBinary; other action spaces need one.',
          ),
      })
      .optional()
      .describe(
        'The world goes on while the policy thinks: each ponder step is a tick, an environment step. Without it, the world waits.',
      ),
    timeoutMs: positive
      .default(60_000)
      .describe(
        'Milliseconds that one reset or step of an asynchronous environment may take; after that, the environment has failed (see guards.envFailures).',
      ),
  })
  .refine(
    ({ id, module, url, listen, recordings }) =>
      [id, module, url, listen, recordings].filter(Boolean).length <= 1,
    { message: 'expected only one of id, module, url, listen and recordings' },
  )
  .refine((env) => env.workers === undefined || (env.id ?? env.module) !== undefined, {
    message: 'expected together with id or module',
    path: ['workers'],
  });
