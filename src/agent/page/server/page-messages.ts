import { z } from 'zod';
import { AXES } from './columns.ts';

/** What a run is about: as the daemon says, or (`running`, `silent`, `stopped`, `done`, `failed`) as its files tell. */
export const runStates = [
  'queued',
  'running',
  'paused',
  'stopped',
  'done',
  'failed',
  /** Neither ended nor heard of for a while. */
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
  /** Why it is in that state, where there is something to say. */
  reason: z.string().optional(),
  /** What may be done with it; nothing unless something supervises it. */
  controls: z.array(z.enum(controls)),
  env: z.string(),
  update: z.int(),
  envSteps: z.number(),
  totalSteps: nullable,
  /** The latest that are known. */
  return: nullable,
  netReturn: nullable,
  ponderSteps: nullable,
  decisionsPerSecond: nullable,
  /** Alarms and incidents so far. */
  alarms: z.int(),
  /** When it was last heard of, in ms since 1970; null: never. */
  heardAt: nullable,
});
export type RunSummary = z.infer<typeof runSummary>;

/** An event of a run in words. */
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

/** What a page asks for: the rows of a run's table after those it has. */
export const pageMessage = z.discriminatedUnion('t', [
  z.strictObject({
    t: z.literal('watch'),
    run,
    /** Which version of the table it has, and how many rows of it. */
    epoch: z.string().max(64),
    rows: z.int().nonnegative(),
  }),
  z.strictObject({ t: z.literal('unwatch'), run }),
]);
export type PageMessage = z.infer<typeof pageMessage>;

/** What it is told. */
export const serverMessage = z.discriminatedUnion('t', [
  /** All runs, at first and whenever one has changed. */
  z.strictObject({ t: z.literal('runs'), runs: z.array(runSummary) }),
  /** New rows: numbers by series, so that `rows` are there now. */
  z.strictObject({
    t: z.literal('points'),
    run,
    epoch: z.string(),
    rows: z.int(),
    columns: z.record(z.string(), z.array(nullable)),
  }),
  /** The table is another now, or too far ahead: fetch history, then watch again. */
  z.strictObject({ t: z.literal('stale'), run }),
  /** The events kept, from the `from`th on. */
  z.strictObject({ t: z.literal('events'), run, from: z.int(), events: z.array(runEvent) }),
  z.strictObject({ t: z.literal('problem'), run: run.optional(), message: z.string() }),
]);
export type ServerMessage = z.infer<typeof serverMessage>;

/** What `POST /v1/control` takes. */
export const controlRequest = z.strictObject({ run, action: z.enum(controls) });
export type ControlRequest = z.infer<typeof controlRequest>;

/** What `GET /v1/history` takes beside `run` and `series`. */
export const historyRequest = z.object({
  /** What `from` and `to` are of. */
  axis: z.enum(AXES).default('envSteps'),
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  /** At most so many. */
  points: z.coerce.number().min(2).max(20_000).default(2000),
});
export type HistoryRequest = z.infer<typeof historyRequest>;

/** The head of a history, before its columns. */
export const historyHead = z.strictObject({
  epoch: z.string(),
  /** Rows of the table when it was made. */
  rows: z.int(),
  /** Rows of it that a pair of points stands for; 2: all are there. */
  bucket: z.int(),
  names: z.array(z.string()),
  /** Numbers of each column. */
  length: z.int(),
});
export type HistoryHead = z.infer<typeof historyHead>;
