import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors } from '../src/agent/run/index.ts';
import { Agent, Discrete, type Env, MultiDiscrete, parseConfig, Rng } from '../src/index.ts';
import type { Ranges } from '../src/kernels/index.ts';
import { fullCore } from '../src/policy/core/full.ts';
import { latentCore } from '../src/policy/core/latent.ts';
import { Parameters, type Tensors } from '../src/policy/index.ts';

// The reference: `full`, D 64, H 4, feed-forward 256, 1 block, 7 tokens and the readout.
const SIZES = { width: 64, heads: 4, feedForward: 256, blocks: 1, registers: 0 };
const TOKENS = 7;
const CHOICES = 8;
const ACTIONS = 4;
export const BATCH = 512;
export const STEPS = 4;
/** [M, K]·[K, N]: the first product of its feed-forward. */
export const PRODUCT = { M: BATCH * (TOKENS + 1), K: SIZES.width, N: SIZES.feedForward };

/** Segments of consecutive decisions, in which memory is learned from: 16 of 32 in a batch. */
export const SEGMENT = 32;

export type CoreName = 'full' | 'latent';

/** The reference core with random weights, to be given tokens [B, 7, 64]. @param window entries of memory that it attends to */
export function referenceCore(name: CoreName = 'full', window = 0) {
  const parameters = new Parameters(Rng.seed(0, 'bench'));
  const encode = () => {
    throw new Error('bench: the reference core has no encoder');
  };
  const make = name === 'full' ? fullCore : latentCore;
  const core = make(SIZES, { tokens: TOKENS, encode }, parameters.scope('core'), window);
  return { core, parameters };
}

/** The entries to which each decision of a batch of segments attends: the last `window` up to its own, all of them there. */
export function rangesOf(window: number): Ranges {
  const rows = window - 1 + SEGMENT;
  const end = Int32Array.from(
    { length: BATCH },
    (_, i) => Math.floor(i / SEGMENT) * rows + window + (i % SEGMENT),
  );
  return { begin: end.map((row) => row - window), end };
}

/**
 * Floating-point operations in all matrix products of a training step: forward, and twice that backward.
 * @param ponderSteps in all thoughts
 * @param last how many of them make a readout alone: queries, and what follows from them, of one token
 */
export function trainingFlops(ponderSteps: number, last = 0): number {
  const { width: D, feedForward: F } = SIZES;
  const S = TOKENS + 1;
  // Mixing, keys and values; then queries, attention, its output and the feed-forward.
  const perToken = 2 * (D * D + 2 * D * D);
  const perQuery = 2 * (2 * D * D + 2 * S * D + 2 * D * F);
  const injection = 2 * S * D * D;
  const queries = (ponderSteps - last) * S + last;
  return 3 * (ponderSteps * S * perToken + queries * perQuery + BATCH * injection);
}

/** Pictures [B, H, W, C], and the filters [rows, columns, C, N] of two convolutions with their strides. */
export const CONVOLUTIONS = {
  pictures: [128, 64, 64, 3],
  filters: [
    [8, 8, 3, 16],
    [4, 4, 16, 32],
  ],
  strides: [4, 2],
} as const;

/** Random pictures and filters, as a file. */
export async function writeConvolutions(): Promise<string> {
  const rng = Rng.seed(1, 'bench');
  const { pictures, filters } = CONVOLUTIONS;
  return write({
    pictures: normal([...pictures], rng),
    filter0: normal([...filters[0]], rng),
    filter1: normal([...filters[1]], rng),
  });
}

/** An agent with the reference policy, which thinks for four steps about 7 numbers. */
export function referenceAgent(): Promise<Agent> {
  const env = (): Env => ({
    observationSpace: new MultiDiscrete(new Array(TOKENS).fill(CHOICES)),
    actionSpace: new Discrete(ACTIONS),
    reset: () => ({ obs: new Int32Array(TOKENS), info: {} }),
    step: () => {
      throw new Error('bench: nobody acts here');
    },
  });
  const config = parseConfig({
    name: 'bench',
    policy: { ...SIZES, core: 'full' },
    halting: { rule: 'fixed', maxSteps: STEPS },
    train: { totalSteps: 1 },
  });
  return Agent.create(config, process.cwd(), { env });
}

/** Weights, tokens, where readouts should go, and ponder steps, as a file. @param steps falling [B] */
export async function writeTraining(steps: readonly number[]): Promise<string> {
  const exercise = await exerciseOf(referenceCore().parameters, Rng.seed(1, 'bench'));
  return write({ ...exercise, steps: { shape: [BATCH], data: Float32Array.from(steps) } });
}

/** As `writeTraining`, for a core with a memory: the entries of its segments too [rows, D]. */
export async function writeMemory(core: CoreName, window: number): Promise<string> {
  const { parameters } = referenceCore(core, window);
  const rng = Rng.seed(1, 'bench');
  const exercise = await exerciseOf(parameters, rng);
  const rows = (BATCH / SEGMENT) * (window - 1 + SEGMENT);
  return write({ ...exercise, entries: normal([rows, SIZES.width], rng) });
}

/** Weights, tokens, and where readouts should go. */
async function exerciseOf(parameters: Parameters, rng: Rng): Promise<Tensors> {
  const { width } = SIZES;
  return {
    ...blurred(await parameters.read(), rng),
    tokens: normal([BATCH, TOKENS, width], rng),
    target: normal([BATCH, width], rng),
  };
}

/** Weights of the reference policy and `count` observations, as a file. */
export async function writeDecisions(count: number): Promise<string> {
  const agent = await referenceAgent();
  const rng = Rng.seed(1, 'bench');
  const weights = blurred(await agent.policy.parameters.read(), rng);
  agent.dispose();
  const data = Float32Array.from({ length: count * TOKENS }, () => rng.int(CHOICES));
  return write({ ...weights, observations: { shape: [count, TOKENS], data } });
}

/** Gains, biases and heads moved off ones and zeros, so that a check sees them. */
export function blurred(weights: Tensors, rng: Rng): Tensors {
  for (const { data } of Object.values(weights)) {
    for (let i = 0; i < data.length; i++) data[i] += 0.1 * rng.normal();
  }
  return weights;
}

function normal(shape: number[], rng: Rng) {
  const size = shape.reduce((a, b) => a * b);
  return { shape, data: Float32Array.from({ length: size }, () => rng.normal()) };
}

let folder: string | undefined;
let files = 0;

/** Writes tensors into a file that goes with this process. */
export function write(tensors: Tensors): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'pondera-bench-'));
    process.on('exit', () => rmSync(made, { recursive: true }));
    folder = made;
  }
  const file = join(folder, `${files++}.safetensors`);
  writeFileSync(file, encodeSafetensors(tensors));
  return file;
}
