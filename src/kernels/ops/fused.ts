import * as tf from '@tensorflow/tfjs-core';

/** Kernels that have been looked up, of one backend. */
let known = { backend: '', kernels: new Map<string, tf.KernelConfig | undefined>() };

/** That kernel of the current backend; tfjs’s own way to it makes a new string each time. */
function kernelNamed(name: string): tf.KernelConfig | undefined {
  const backend = tf.getBackend();
  if (known.backend !== backend) known = { backend, kernels: new Map() };
  const { kernels } = known;
  if (!kernels.has(name)) kernels.set(name, tf.getKernel(name, backend));
  return kernels.get(name);
}

/** Whether the current backend has that kernel. */
export function hasKernel(name: string): boolean {
  return kernelNamed(name) !== undefined;
}

/** Whether the fused kernels take this width: they go through rows four numbers at a time. */
export const isWhole = (width: number): boolean => width % 4 === 0;

/**
 * Runs a kernel that has one output or several. Where nothing is taped the engine is passed by: its
 * bookkeeping costs more than a small kernel.
 */
export function runKernel<Outputs extends tf.Tensor | tf.Tensor[]>(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attrs: tf.NamedAttrMap = {},
): Outputs {
  const engine = tf.engine();
  const kernel = kernelNamed(name);
  if (engine.isTapeOn() || kernel === undefined)
    return engine.runKernel<Outputs>(name, inputs, attrs);
  const { backend } = engine;
  const found = kernel.kernelFunc({ inputs, attrs, backend });
  // Kernels of `tensorflow` give tensors, which the engine knows already: told twice, it frees their data too soon.
  const wrap = (info: tf.TensorInfo) =>
    info instanceof tf.Tensor ? info : engine.makeTensorFromTensorInfo(info, backend);
  return (Array.isArray(found) ? found.map(wrap) : wrap(found)) as Outputs;
}

type Named = Record<string, tf.Tensor>;

/**
 * A kernel with a gradient of its own.
 *
 * @param forward gives the value, then what the gradient needs; where no gradient can be asked for
 *   (`taped` is false), the value alone
 * @param backward gives the gradients by the inputs, in their order
 */
export function differentiable(
  inputs: Named,
  forward: (inputs: Named, taped: boolean) => tf.Tensor | tf.Tensor[],
  backward: (dy: tf.Tensor, inputs: Named, kept: tf.Tensor[]) => tf.Tensor[],
): tf.Tensor {
  if (!tf.engine().isTapeOn()) return forward(inputs, false) as tf.Tensor;
  const tensors = Object.values(inputs);
  // A variable outlives the tape, so nothing need be saved of it.
  const passing = Object.keys(inputs).filter((name) => !(inputs[name] instanceof tf.Variable));
  const f = tf.customGrad((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc;
    const [value, ...kept] = [forward(inputs, true)].flat();
    save([...passing.map((name) => inputs[name]), ...kept]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const now = { ...inputs };
        passing.forEach((name, i) => {
          now[name] = saved[i];
        });
        return backward(dy, now, saved.slice(passing.length));
      },
    };
  });
  return f(...tensors);
}
