import { adam } from './adam';
import { addRows } from './add';
import { attention, attentionGrad } from './attention';
import { block } from './block';
import { blockGrad } from './block-gradient';
import { field, fieldGrad } from './fields';
import { heads, headsGrad } from './heads';
import { matMul } from './mat-mul';
import { pack } from './panels';
import { reluGrad } from './relu-gradient';
import { rmsNorm, rmsNormGrad } from './rms-norm';
import { rows, rowsGrad } from './rows';
import { laneSum, squareSum } from './sums';

/**
 * Does part `part` of the `parts` of an operation; results do not depend on `parts`.
 *
 * @param op one of the numbers below
 * @param args byte offset of the operation's words, as its function tells
 * @param scratch 1 MiB of the calling thread's own, 64-byte aligned
 */
export function run(op: i32, args: usize, scratch: usize, part: i32, parts: i32): void {
  switch (op) {
    case 1:
      return matMul(args, scratch, part, parts);
    case 2:
      return laneSum(args, part, parts);
    case 3:
      return rmsNorm(args, part, parts);
    case 4:
      return rmsNormGrad(args, part, parts);
    case 5:
      return attention(args, part, parts);
    case 6:
      return attentionGrad(args, scratch, part, parts);
    case 7:
      return rows(args, part, parts);
    case 8:
      return rowsGrad(args, part);
    case 9:
      return rows(args, part, parts);
    case 10:
      return reluGrad(args, part, parts);
    case 11:
      return adam(args, part, parts);
    case 12:
      return squareSum(args, part, parts);
    case 13:
      return addRows(args, part, parts);
    case 20:
      return block(args, scratch, part, parts);
    case 21:
      return blockGrad(args, scratch, part, parts);
    case 22:
      return pack(args, scratch, part, parts);
    case 30:
      return heads(args, scratch, part, parts);
    case 31:
      return headsGrad(args, scratch, part, parts);
    case 32:
      return field(args, part, parts);
    case 33:
      return fieldGrad(args, part);
  }
}
