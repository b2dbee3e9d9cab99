// Written by `npm run build:kernels` from src/kernels/simd/kernels: do not edit.
import { adam, squareSum } from '../adam';
import { add } from '../add';
import { attention, attentionGrad } from '../attention';
import { block } from '../block';
import { blockGrad } from '../block-gradient';
import { col2im, im2col } from '../convolution';
import { field, fieldGrad } from '../fields';
import { heads, headsGrad } from '../heads';
import { laneSum } from '../lane-sum';
import { matMul } from '../mat-mul';
import { pack } from '../pack';
import { pool, poolGrad } from '../pooling';
import { relu, step } from '../relu';
import { rmsNorm, rmsNormGrad } from '../rms-norm';
import { rows, rowsGrad } from '../rows';
import { laneSize, share } from '../split';
import {
  LANES,
  AdamArguments,
  AddArguments,
  AttentionArguments,
  AttentionGradArguments,
  BlockArguments,
  BlockGradArguments,
  Col2imArguments,
  FieldArguments,
  FieldGradArguments,
  HeadsArguments,
  HeadsGradArguments,
  Im2colArguments,
  LaneSumArguments,
  MatMulArguments,
  PackArguments,
  PoolArguments,
  PoolGradArguments,
  ReluArguments,
  RmsNormArguments,
  RmsNormGradArguments,
  RowsArguments,
  RowsGradArguments,
  SquareSumArguments,
  StepArguments,
} from './arguments';

export function adam_218458c4(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<AdamArguments>(words);
  adam(a, share(a.n, part, parts), share(a.n, part + 1, parts));
}

export function squareSum_4aebb5e7(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<SquareSumArguments>(words);
  const size = laneSize(a.n, 1024);
  for (let lane = part; lane < LANES; lane += parts) {
    const first = lane * size;
    squareSum(a, lane, first, min(a.n, first + size));
  }
}

export function add_512f6512(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<AddArguments>(words);
  add(a, part, parts);
}

export function attention_9e437388(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<AttentionArguments>(words);
  attention(a, share(a.B, part, parts), share(a.B, part + 1, parts));
}

export function attentionGrad_21fff1a9(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<AttentionGradArguments>(words);
  const size = laneSize(a.B, 1);
  for (let lane = part; lane < LANES; lane += parts) {
    const first = lane * size;
    attentionGrad(a, lane, first, min(a.B, first + size), scratch);
  }
}

export function block_dd455102(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<BlockArguments>(words);
  block(a, part, parts, scratch);
}

export function blockGrad_8fa6398a(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<BlockGradArguments>(words);
  blockGrad(a, part, parts, scratch);
}

export function col2im_ab194caf(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<Col2imArguments>(words);
  col2im(a, share(a.rows, part, parts), share(a.rows, part + 1, parts));
}

export function im2col_c67160e2(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<Im2colArguments>(words);
  im2col(a, share(a.lines, part, parts), share(a.lines, part + 1, parts));
}

export function field_6eeecdcf(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<FieldArguments>(words);
  field(a, share(a.n, part, parts), share(a.n, part + 1, parts));
}

export function fieldGrad_f2bf0679(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<FieldGradArguments>(words);
  if (part == 0) fieldGrad(a);
}

export function heads_1ecbd851(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<HeadsArguments>(words);
  heads(a, share(a.N, part, parts), share(a.N, part + 1, parts), scratch);
}

export function headsGrad_06cb5e91(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<HeadsGradArguments>(words);
  const size = laneSize(a.heads.N, 16);
  for (let lane = part; lane < LANES; lane += parts) {
    const first = lane * size;
    headsGrad(a, lane, first, min(a.heads.N, first + size), scratch);
  }
}

export function laneSum_d849fa18(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<LaneSumArguments>(words);
  laneSum(a, share(a.n, part, parts), share(a.n, part + 1, parts));
}

export function matMul_ba4ece0e(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<MatMulArguments>(words);
  matMul(a, part, parts, scratch);
}

export function pack_832a4d79(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<PackArguments>(words);
  pack(a, share(a.panels, part, parts), share(a.panels, part + 1, parts));
}

export function pool_1263dc0c(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<PoolArguments>(words);
  pool(a, share(a.lines, part, parts), share(a.lines, part + 1, parts));
}

export function poolGrad_5fd0e40f(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<PoolGradArguments>(words);
  poolGrad(a, share(a.pictures, part, parts), share(a.pictures, part + 1, parts));
}

export function relu_b6cdd907(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<ReluArguments>(words);
  relu(a, share(a.n, part, parts), share(a.n, part + 1, parts));
}

export function step_1b5fa8a7(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<StepArguments>(words);
  step(a, share(a.n, part, parts), share(a.n, part + 1, parts));
}

export function rmsNorm_c63af081(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<RmsNormArguments>(words);
  rmsNorm(a, share(a.rows, part, parts), share(a.rows, part + 1, parts));
}

export function rmsNormGrad_362f2ec6(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<RmsNormGradArguments>(words);
  const size = laneSize(a.rows, 16);
  for (let lane = part; lane < LANES; lane += parts) {
    const first = lane * size;
    rmsNormGrad(a, lane, first, min(a.rows, first + size));
  }
}

export function rows_db038cd8(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<RowsArguments>(words);
  rows(a, share(a.n, part, parts), share(a.n, part + 1, parts));
}

export function rowsGrad_2eac38c2(words: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<RowsGradArguments>(words);
  if (part == 0) rowsGrad(a);
}
