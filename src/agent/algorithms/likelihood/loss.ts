import { onHost } from '../../../kernels/ops/index.ts';
import type { Policy } from '../../../policy/index.ts';
import { depthsOf, givenOf } from '../layout.ts';
import { lossByRows } from './loss-by-rows.ts';
import { lossByTensors } from './loss-by-tensors.ts';
import type { Loss } from './loss-report.ts';
import type { Minibatch } from './minibatch.ts';
import type { ThoughtCost } from './thought-cost.ts';

/** Thinks about a minibatch to full depth and computes its loss, by tensors on a GPU and by rows elsewhere. */
export function likelihoodLoss(policy: Policy, batch: Minibatch, cost: ThoughtCost): Loss {
  const { seen, decisions, reach } = batch;
  const outputs = policy.outputs(policy.think(givenOf(seen, decisions), reach), depthsOf(reach));
  return (onHost() ? lossByRows : lossByTensors)(policy.distribution, outputs, batch, cost);
}
