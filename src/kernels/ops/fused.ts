import * as tf from '@tensorflow/tfjs-core';

/** The kernels that were looked up so far, all of one backend. */
let known = { backend: '', kernels: new Map<string, tf.KernelConfig | undefined>() };

/** A kernel of the current backend. This cache is faster than tfjs's own lookup, which makes a new string each time. */
function kernelNamed(name: string): tf.KernelConfig | undefined {
  const backend = tf.getBackend();
  if (known.backend !== backend) known = { backend, kernels: new Map() };
  const { kernels } = known;
  if (!kernels.has(name)) kernels.set(name, tf.getKernel(name, backend));
  return kernels.get(name);
}

/** Whether the current backend has this kernel. */
export function hasKernel(name: string): boolean {
  return kernelNamed(name) !== undefined;
}

/** Whether the fused kernels accept this width: they process four numbers of a row at a time. */
export const isWhole = (width: number): boolean => width % 4 === 0;

/**
 * Runs a kernel that has one output or several. While no gradient is recorded, it bypasses tfjs's engine, whose
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
  // Kernels of `tensorflow` return tensors that the engine already counts. Counted twice, their data would be freed too soon.
  const wrap = (info: tf.TensorInfo) =>
    info instanceof tf.Tensor ? info : engine.makeTensorFromTensorInfo(info, backend);
  return (Array.isArray(found) ? found.map(wrap) : wrap(found)) as Outputs;
}

type Named = Record<string, tf.Tensor>;

/**
 * Runs a kernel that has its own gradient.
 *
 * @param forward returns the value, followed by the tensors that `backward` needs. If `taped` is false, no gradient is
 *   recorded, and it returns the value alone
 * @param backward returns one gradient for each input, in the order of the inputs
 */
export function differentiable(
  inputs: Named,
  forward: (inputs: Named, taped: boolean) => tf.Tensor | tf.Tensor[],
  backward: (dy: tf.Tensor, inputs: Named, kept: tf.Tensor[]) => tf.Tensor[],
): tf.Tensor {
  if (!tf.engine().isTapeOn()) return forward(inputs, false) as tf.Tensor;
  const tensors = Object.values(inputs);
  // A variable exists longer than the tape, so the tape need not save it.
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
