import * as tf from '@tensorflow/tfjs-core';
import type { OnnxGraph } from './onnx-graph.ts';
import type { KernelCall } from './trace-kernels.ts';

/** Adds the nodes of a kernel's call to a graph, and names its outputs. */
type Translate = (graph: OnnxGraph, call: KernelCall) => void;

/** Kernels of one or two inputs that are one operator. */
const SAME: Record<string, string> = {
  [tf.Abs]: 'Abs',
  [tf.Add]: 'Add',
  [tf.Equal]: 'Equal',
  [tf.Exp]: 'Exp',
  [tf.Greater]: 'Greater',
  [tf.GreaterEqual]: 'GreaterOrEqual',
  [tf.Identity]: 'Identity',
  [tf.Less]: 'Less',
  [tf.LessEqual]: 'LessOrEqual',
  [tf.Log]: 'Log',
  [tf.Maximum]: 'Max',
  [tf.Minimum]: 'Min',
  [tf.Multiply]: 'Mul',
  [tf.Neg]: 'Neg',
  [tf.RealDiv]: 'Div',
  [tf.Reciprocal]: 'Reciprocal',
  [tf.Relu]: 'Relu',
  [tf.Sigmoid]: 'Sigmoid',
  [tf.Sin]: 'Sin',
  [tf.Cos]: 'Cos',
  [tf.Sqrt]: 'Sqrt',
  [tf.Sub]: 'Sub',
  [tf.Tanh]: 'Tanh',
};

/** A kernel of one output, made by a function of the graph and the inputs' names. */
const single =
  (make: (graph: OnnxGraph, inputs: string[], call: KernelCall) => string): Translate =>
  (graph, call) => {
    const inputs = Object.values(call.inputs).filter((input) => input !== undefined);
    const names = inputs.map((input) => graph.of(input));
    graph.name(call.outputs[0], make(graph, names, call));
  };

const reshape = (graph: OnnxGraph, from: string, shape: readonly number[]) =>
  graph.add('Reshape', [from, graph.list(shape)]);

const toShape = single((graph, [x], { outputs }) => reshape(graph, x, outputs[0].shape));

/** A matrix, transposed where the kernel reads it so. */
function matrix(graph: OnnxGraph, tensor: tf.TensorInfo, transposed: boolean): string {
  const name = graph.of(tensor);
  if (!transposed) return name;
  const rank = tensor.shape.length;
  const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  return graph.add('Transpose', [name], { perm });
}

function activated(graph: OnnxGraph, name: string, activation: string): string {
  if (activation === 'linear') return name;
  if (activation === 'relu') return graph.add('Relu', [name]);
  throw new RangeError(`the activation ${activation}`);
}

const product: Translate = (graph, { inputs, attrs, outputs }) => {
  const { a, b, bias } = inputs;
  const factors = [matrix(graph, a!, attrs.transposeA), matrix(graph, b!, attrs.transposeB)];
  const plain = graph.add('MatMul', factors);
  const sum = bias ? graph.add('Add', [plain, graph.of(bias)]) : plain;
  graph.name(outputs[0], activated(graph, sum, attrs.activation ?? 'linear'));
};

/** tfjs has the channels last, ONNX first. */
const convolution: Translate = (graph, { inputs, attrs, outputs }) => {
  const { x, filter, bias } = inputs;
  if (attrs.dataFormat !== 'NHWC') throw new RangeError(`the layout ${attrs.dataFormat}`);
  const { padInfo, dilationHeight, dilationWidth, strideHeight, strideWidth } =
    tf.backend_util.computeConv2DInfo(
      ...([x!.shape, filter!.shape, attrs.strides, attrs.dilations] as [
        [number, number, number, number],
        [number, number, number, number],
        number,
        number,
      ]),
      ...([attrs.pad, attrs.dimRoundingMode] as ['same', 'floor']),
    );
  const planes = graph.add('Transpose', [graph.of(x!)], { perm: [0, 3, 1, 2] });
  const kernels = graph.add('Transpose', [graph.of(filter!)], { perm: [3, 2, 0, 1] });
  const convolved = graph.add('Conv', [planes, kernels, ...(bias ? [graph.of(bias)] : [])], {
    pads: [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right],
    strides: [strideHeight, strideWidth],
    dilations: [dilationHeight, dilationWidth],
  });
  const back = graph.add('Transpose', [convolved], { perm: [0, 2, 3, 1] });
  graph.name(outputs[0], activated(graph, back, attrs.activation ?? 'linear'));
};

const axesOf = ({ inputs, attrs }: KernelCall) =>
  tf.util.parseAxisParam(attrs.axis ?? attrs.reductionIndices, inputs.x!.shape);

/** Of each kernel that can be exported, its nodes. */
const translations: Record<string, Translate> = {
  ...Object.fromEntries(
    Object.entries(SAME).map(([kernel, op]) => [
      kernel,
      single((graph, names) => graph.add(op, names)),
    ]),
  ),
  [tf.Square]: single((graph, [x]) => graph.add('Mul', [x, x])),
  [tf.Rsqrt]: single((graph, [x]) => graph.add('Reciprocal', [graph.add('Sqrt', [x])])),
  [tf.SquaredDifference]: single((graph, names) => {
    const difference = graph.add('Sub', names);
    return graph.add('Mul', [difference, difference]);
  }),
  [tf.Reshape]: toShape,
  [tf.ExpandDims]: toShape,
  [tf.Cast]: single((graph, [x], { attrs }) => {
    if (attrs.dtype !== 'int32' && attrs.dtype !== 'float32') {
      throw new RangeError(`a cast to ${attrs.dtype}`);
    }
    return graph.add('Cast', [x], { to: attrs.dtype === 'int32' ? 6 : 1 });
  }),
  [tf.Transpose]: single((graph, [x], { attrs }) =>
    graph.add('Transpose', [x], { perm: attrs.perm }),
  ),
  [tf.Slice]: single((graph, [x], { attrs, inputs, outputs }) => {
    const [begin] = tf.slice_util.parseSliceParams(inputs.x as tf.Tensor, attrs.begin, attrs.size);
    const end = begin.map((from, i) => from + outputs[0].shape[i]);
    return graph.add('Slice', [x, graph.list(begin), graph.list(end)]);
  }),
  [tf.Concat]: single((graph, names, { attrs, outputs }) =>
    graph.add('Concat', names, {
      axis: tf.util.parseAxisParam(attrs.axis, outputs[0].shape)[0],
    }),
  ),
  [tf.Pack]: single((graph, names, { attrs, outputs }) => {
    const one = outputs[0].shape.with(attrs.axis, 1);
    const parts = names.map((name) => reshape(graph, name, one));
    return graph.add('Concat', parts, { axis: attrs.axis });
  }),
  [tf.Unpack]: (graph, { inputs, attrs, outputs }) => {
    const from = graph.of(inputs.value!);
    const axes = graph.list([attrs.axis]);
    for (const [i, output] of outputs.entries()) {
      const range = [graph.list([i]), graph.list([i + 1]), axes];
      graph.name(output, reshape(graph, graph.add('Slice', [from, ...range]), output.shape));
    }
  },
  [tf.PadV2]: single((graph, [x], { attrs }) => {
    if (attrs.constantValue !== 0) throw new RangeError(`padding with ${attrs.constantValue}`);
    const pads: [number, number][] = attrs.paddings;
    return graph.add('Pad', [
      x,
      graph.list([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]),
    ]);
  }),
  [tf.Tile]: single((graph, [x], { attrs }) => graph.add('Tile', [x, graph.list(attrs.reps)])),
  [tf.GatherV2]: single((graph, [x, indices], { attrs, inputs }) => {
    if (attrs.batchDims) throw new RangeError('batch dimensions');
    return graph.add('Gather', [x, indices], {
      axis: tf.util.parseAxisParam(attrs.axis, inputs.x!.shape)[0],
    });
  }),
  [tf.Softmax]: single((graph, [x], { attrs, inputs }) =>
    graph.add('Softmax', [x], {
      axis: attrs.dim < 0 ? inputs.logits!.shape.length - 1 : attrs.dim,
    }),
  ),
  [tf.Sum]: single((graph, [x], call) =>
    graph.add('ReduceSum', [x, graph.list(axesOf(call))], {
      keepdims: Number(call.attrs.keepDims),
    }),
  ),
  [tf.Mean]: single((graph, [x], call) =>
    graph.add('ReduceMean', [x], { axes: axesOf(call), keepdims: Number(call.attrs.keepDims) }),
  ),
  [tf.Max]: single((graph, [x], call) =>
    graph.add('ReduceMax', [x], { axes: axesOf(call), keepdims: Number(call.attrs.keepDims) }),
  ),
  [tf.BatchMatMul]: product,
  [tf._FusedMatMul]: product,
  [tf.Conv2D]: convolution,
  [tf.FusedConv2D]: convolution,
};

/**
 * Adds a call to a graph. Where it depends on no input, its result is a constant, and it adds nothing.
 * @throws RangeError naming what ONNX has no form of here
 */
export function addCall(graph: OnnxGraph, call: KernelCall): void {
  if (!Object.values(call.inputs).some((input) => input && graph.depends(input))) return;
  const translate = translations[call.kernel];
  if (!translate) throw new RangeError(`the operation ${call.kernel}`);
  try {
    translate(graph, call);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${error.message} of the operation ${call.kernel}`, { cause: error });
  }
}
