import { z } from 'zod';
import { AXES } from './columns.ts';

/** The state of a run, from the daemon. Without a daemon, its files give `running`, `silent`, `stopped`, `done` or `failed`. */
export const runStates = [
  'queued',
  'running',
  'paused',
  'stopped',
  'done',
  'failed',
  /** The run has not ended, but its files have not changed for a while. */
  'silent',
] as const;
export type RunState = (typeof runStates)[number];

export const controls = ['pause', 'resume', 'stop', 'restart'] as const;
export type Control = (typeof controls)[number];

const nullable = z.number().nullable();

/** A run in the list. */
export const runSummary = z.strictObject({
  name: z.string(),
  state: z.enum(runStates),
  /** Why the run is in that state, if there is a reason to show. */
  reason: z.string().optional(),
  /** The actions that the run allows now; empty unless a daemon supervises it. */
  controls: z.array(z.enum(controls)),
  env: z.string(),
  /** Whether its memory holds observations alone, as generating tokens needs. */
  generates: z.boolean(),
  /** Whether its environment is a built-in game, which a person can play against it. */
  game: z.boolean(),
  update: z.int(),
  envSteps: z.number(),
  totalSteps: nullable,
  /** The latest known numbers. */
  return: nullable,
  netReturn: nullable,
  ponderSteps: nullable,
  decisionsPerSecond: nullable,
  /** Alarms and incidents so far. */
  alarms: z.int(),
  /** The time of its latest line of metrics or event, in ms since 1970; null if there is none. */
  heardAt: nullable,
});
export type RunSummary = z.infer<typeof runSummary>;

/** An event of a run as text. */
export const runEvent = z.strictObject({
  time: z.string(),
  type: z.string(),
  level: z.enum(['info', 'warning', 'alarm']),
  message: z.string(),
});
export type RunEvent = z.infer<typeof runEvent>;

/** One evaluation, as the page charts it. */
export const evaluationPoint = z.object({
  update: z.int(),
  envSteps: z.number(),
  byDifficulty: z.array(
    z.object({
      difficulty: z.number(),
      decisions: z.number(),
      ponderSteps: nullable,
      successRate: nullable,
    }),
  ),
});
export type EvaluationPoint = z.infer<typeof evaluationPoint>;

const run = z.string().min(1).max(255);

/** What a page sends: it asks for the rows of a run's table after those it has. */
export const pageMessage = z.discriminatedUnion('t', [
  z.strictObject({
    t: z.literal('watch'),
    run,
    /** The version of the table that the page has, and how many of its rows. */
    epoch: z.string().max(64),
    rows: z.int().nonnegative(),
  }),
  z.strictObject({ t: z.literal('unwatch'), run }),
]);
export type PageMessage = z.infer<typeof pageMessage>;

/** What the server sends to a page. */
export const serverMessage = z.discriminatedUnion('t', [
  /** All runs. Sent when a page connects, and whenever a run has changed. */
  z.strictObject({ t: z.literal('runs'), runs: z.array(runSummary) }),
  /** New rows: numbers by series. With them the page has `rows` rows. */
  z.strictObject({
    t: z.literal('points'),
    run,
    epoch: z.string(),
    rows: z.int(),
    columns: z.record(z.string(), z.array(nullable)),
  }),
  /** The rows that the page has no longer fit those of the server: the page must fetch the history and watch again. */
  z.strictObject({ t: z.literal('stale'), run }),
  /** The events from index `from` on, as far as the server keeps them. */
  z.strictObject({ t: z.literal('events'), run, from: z.int(), events: z.array(runEvent) }),
  z.strictObject({ t: z.literal('problem'), run: run.optional(), message: z.string() }),
]);
export type ServerMessage = z.infer<typeof serverMessage>;

/** What `POST /v1/control` takes. */
export const controlRequest = z.strictObject({ run, action: z.enum(controls) });
export type ControlRequest = z.infer<typeof controlRequest>;

/** What a page sends to `/v1/generate`: the text that it wants written. */
export const textRequest = z.strictObject({
  prompt: z.string().min(1).max(30_000),
  maxTokens: z.int().min(1).max(10_000),
  temperature: z.number().min(0).max(1000),
  /** The most ponder steps before a token; default: the run's. */
  maxSteps: z.int().min(1).max(1000).optional(),
  /** A text that ends the generation. */
  stop: z.string().min(1).max(1000).optional(),
  seed: z.int().min(0).max(9_999_999_999),
});
export type TextRequest = z.infer<typeof textRequest>;

/** The most moves of a game that a page goes on with. */
const MOST_MOVES = 1000;

/** What a page sends to `/v1/play` first: the game that it wants to play. */
export const gameRequest = z.strictObject({
  /** The person's seat. */
  seat: z.int().min(0).max(1),
  seed: z.int().min(0).max(9_999_999_999),
  /** What both have done so far, of a game whose connection was lost; the server plays it again. */
  moves: z.array(z.int().nonnegative()).max(MOST_MOVES),
});
export type GameRequest = z.infer<typeof gameRequest>;

/** What a page sends to `/v1/play` then. */
export const gameMessage = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('move'), action: z.int().nonnegative() }),
  z.strictObject({ t: z.literal('resign') }),
]);
export type GameMessage = z.infer<typeof gameMessage>;

/** What `GET /v1/history` takes beside `run` and `series`. */
export const historyRequest = z.object({
  /** The axis of `from` and `to`. */
  axis: z.enum(AXES).default('envSteps'),
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  /** The most points of a column. */
  points: z.coerce.number().min(2).max(20_000).default(2000),
});
export type HistoryRequest = z.infer<typeof historyRequest>;

/** The head of a history, before its columns. */
export const historyHead = z.strictObject({
  epoch: z.string(),
  /** Rows of the table when the history was made. */
  rows: z.int(),
  /** How many rows of the table each pair of points represents; 2 if the history has all rows. */
  bucket: z.int(),
  names: z.array(z.string()),
  /** How many numbers each column has. */
  length: z.int(),
});
export type HistoryHead = z.infer<typeof historyHead>;
