import { onHost } from '../../../kernels/ops/index.ts';
import type { Policy } from '../../../policy/index.ts';
import { depthsOf, givenOf } from '../layout.ts';
import { lossByRows } from './loss-by-rows.ts';
import { lossByTensors } from './loss-by-tensors.ts';
import type { Loss } from './loss-report.ts';
import type { Minibatch } from './minibatch.ts';
import type { PpoConfig } from './settings.ts';
import type { UpdateSchedule } from './targets.ts';

/** Recomputes the thoughts of a minibatch and computes their loss: by tensors on a GPU, with distillation or with a magnet, else by rows. */
export function ppoLoss(
  policy: Policy,
  batch: Minibatch,
  config: PpoConfig,
  phase: UpdateSchedule,
): Loss {
  const { seen, decisions, reach } = batch;
  const states = policy.think(givenOf(seen, decisions), reach);
  const outputs = policy.outputs(states, depthsOf(reach));
  const plain = config.recipe.distillation === 0 && batch.magnet === undefined;
  const judge = plain && onHost() ? lossByRows : lossByTensors;
  return judge(policy.distribution, outputs, batch, config, phase);
}
