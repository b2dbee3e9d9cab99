/**
 * The built-in environments. Nothing here imports a module of Node.js, so that they run in a browser too.
 * @module api-envs-builtin
 */

export type { Drawing, Env, Info, Reset, ResetOptions, Shape, Step } from '../contract/env.ts';
export { gameIds, makeGame } from '../games/game-registry.ts';
export { makeOpponent, opponentNames } from '../games/opponents.ts';
export { type EnvEntry, envEntries, envIds, makeEnv } from './env-registry.ts';
