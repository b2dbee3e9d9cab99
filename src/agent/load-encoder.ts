import { loadEnvFactory } from '../envs/index.ts';
import type { EncoderFactory } from '../policy/index.ts';

export async function loadEncoder(module: string, baseDir: string): Promise<EncoderFactory> {
  return (await loadEnvFactory(module, baseDir)) as unknown as EncoderFactory;
}
