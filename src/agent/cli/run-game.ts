import { gameIds } from '../../envs/index.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';

/** The id of the built-in game that a run plays. @throws UsageError where it is of another environment */
export function gameIdOf(run: string, { env: { id } }: Pick<Config, 'env'>): string {
  if (id !== undefined && gameIds().includes(id)) return id;
  throw new UsageError(
    `${run}: expected a run of a built-in game, one of ${gameIds().join(', ')}, got one of ${id ?? 'another environment'}`,
  );
}
