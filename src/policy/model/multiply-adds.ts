import { STEP_FEATURES } from '../../kernels/ops/index.ts';
import type { CoreSizes } from '../core/block-weights.ts';

/** What a policy computes, in multiply-adds, of which each is two floating-point operations (FLOPs). */
export interface MultiplyAdds {
  /** Of an entry of memory, once; 0 without a memory. */
  entry: number;
  /** Of a thought, beside its ponder steps. */
  thought: number;
  /** Of a ponder step, with the heads after it. */
  ponderStep: number;
}

/** The shapes that decide it. */
export interface Shapes extends CoreSizes {
  core: 'latent' | 'full';
  /** Tokens of an observation (S). */
  tokens: number;
  /** Multiply-adds of the encoder for an observation. */
  encoder: number;
  /** Parameters of the action distribution that the head computes (A). */
  outputs: number;
  memory?: {
    /** Entries that a decision attends to (L). */
    length: number;
    /** Blocks that entries pass. */
    prelude: number;
    /** Numbers of an entry beside its observation. */
    features: number;
    /** Multiply-adds of the summary of an observation's tokens. */
    summary: number;
  };
}

/**
 * Counts the products of matrices and of attention. With D numbers in a token, F in the hidden layer, S tokens of an observation, R = 1 +
 * registers, b blocks, L entries of memory and A outputs,
 *
 *     block(q, k)  = q·(2D² + 2D·F + 2D·k)                          q tokens ask k, without keys and values
 *     latent step  = b·(block(R, S + L [+ R]) [+ R·2D²])            [registers attend to one another]
 *     full step    = T·D² + b·(block(T, T + L) + T·2D²)             T = R + S
 *     heads        = D·A + 2·(D + 2)
 *     thought      = latent: b·S·2D² + latent step; full: T·D²      with a memory: + D²; without one: + encoder
 *     entry        = encoder + summary + features·D + prelude·(block(1, L) + 2D²) + b·2D²
 *
 * Left out are what is linear in D (norms, biases, softmax), that the last step of a thought computes its readout alone, and that an episode has
 * fewer than L entries at its begin.
 */
export function multiplyAddsOf(shapes: Shapes): MultiplyAdds {
  const { core, width, feedForward, blocks, registers, tokens, encoder, outputs, memory } = shapes;
  const square = width * width;
  const { length = 0 } = memory ?? {};
  const block = (asking: number, asked: number) =>
    asking * (2 * square + 2 * width * feedForward + 2 * width * asked);
  const recurrent = 1 + registers;
  const all = recurrent + tokens;
  const own = registers > 0 ? recurrent : 0;
  const latent = blocks * (block(recurrent, tokens + length + own) + own * 2 * square);
  const full = all * square + blocks * (block(all, all + length) + all * 2 * square);
  const heads = width * outputs + 2 * (width + STEP_FEATURES);
  const begin = core === 'latent' ? blocks * tokens * 2 * square + latent : all * square;
  return {
    entry:
      memory === undefined
        ? 0
        : encoder +
          memory.summary +
          memory.features * width +
          memory.prelude * (block(1, length) + 2 * square) +
          blocks * 2 * square,
    thought: begin + (memory === undefined ? encoder : square),
    ponderStep: (core === 'latent' ? latent : full) + heads,
  };
}
