import type * as tf from '@tensorflow/tfjs-core';
import { UNROLL, UNROLL_GRAD, type UnrollAttrs } from '../../ops/unroll.ts';
import { registerSimdKernel } from '../runtime/register.ts';
import { placeRanges } from './shared-rows.ts';
import { Gradients } from './unroll-gradients.ts';
import { Plan } from './unroll-plan.ts';

type Inputs = Record<string, tf.TensorInfo>;

/** Up to this many rows, packing the matrices costs more than it saves. */
const FEW_ROWS = 16;

/** `unroll` and its gradients: runs the blocks' kernels depth by depth, without tensors in between. */
export function register(): void {
  registerSimdKernel<Inputs, UnrollAttrs>(UNROLL, ({ inputs, attrs, backend }) => {
    const ranges = attrs.ranges && placeRanges(backend, attrs.ranges);
    const plan = new Plan(inputs, attrs, backend, ranges);
    const { whole, reach, taped } = attrs;
    const [, R, D] = inputs.z.shape;
    const total = reach.reduce((sum, n) => sum + n, 0);
    const value = backend.output(whole ? inputs.z.shape : [total, 1, D]);
    const few = reach[0] * R <= FEW_ROWS && !taped;
    const panels = few ? [] : plan.pack(false);
    const kept = taped ? backend.output([plan.kept]) : undefined;
    const room = kept ? kept.address : backend.arena.allocate(4 * plan.kept);
    plan.run(backend.address(inputs.z), value.address, room);
    for (const address of panels) backend.arena.free(address);
    if (ranges) backend.arena.free(ranges.begin);
    if (kept) return [value, kept];
    backend.arena.free(room);
    return [value];
  });

  registerSimdKernel<Inputs, UnrollAttrs>(UNROLL_GRAD, ({ inputs, attrs, backend }) => {
    const { dy, value, kept, ...given } = inputs;
    const ranges = attrs.ranges && placeRanges(backend, attrs.ranges);
    const plan = new Plan(given, attrs, backend, ranges);
    const panels = plan.pack(true);
    const gradients = new Gradients(given, plan.tensors, backend);
    const [z, from, first, room] = [given.z, dy, value, kept].map((x) => backend.address(x));
    plan.runGrad(z, first, room, from, gradients);
    for (const address of panels) backend.arena.free(address);
    if (ranges) backend.arena.free(ranges.begin);
    return gradients.finish();
  });
}
