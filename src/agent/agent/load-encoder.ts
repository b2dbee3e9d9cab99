import { loadFactory } from '../../envs/index.ts';
import type { EncoderFactory } from '../../policy/index.ts';
import { UsageError } from '../common/errors.ts';

/**
 * Imports an encoder of the user's own: the default export of a module.
 * @throws UsageError where there is none
 */
export async function loadEncoder(module: string, baseDir: string): Promise<EncoderFactory> {
  const hint = 'write `export default (space, width, parameters, options) => encoder`';
  try {
    const factory = await loadFactory(module, baseDir, { name: 'encoder', hint });
    return factory as unknown as EncoderFactory;
  } catch (error) {
    throw new UsageError(`policy.encoder: ${(error as Error).message}`, { cause: error });
  }
}
