import { onHost } from '../../../kernels/ops/index.ts';
import type { Policy } from '../../../policy/index.ts';
import { depthsOf, givenOf } from '../layout.ts';
import { lossByRows } from './loss-by-rows.ts';
import { lossByTensors } from './loss-by-tensors.ts';
import type { Loss } from './loss-report.ts';
import type { Minibatch } from './minibatch.ts';

/** Recomputes the thoughts of a minibatch and computes their loss, by tensors on a GPU and by rows elsewhere. */
export function pqnLoss(policy: Policy, batch: Minibatch, thinkWeight: number): Loss {
  const { seen, decisions, reach } = batch;
  const outputs = policy.outputs(policy.think(givenOf(seen, decisions), reach), depthsOf(reach));
  return (onHost() ? lossByRows : lossByTensors)(outputs, batch, thinkWeight);
}
