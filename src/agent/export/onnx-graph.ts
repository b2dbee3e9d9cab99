import * as tf from '@tensorflow/tfjs-core';
import { ProtobufWriter } from './protobuf.ts';

/** Attributes of a node: a whole number, a list of them, or the text of a name. */
export type Attributes = Record<string, number | readonly number[]>;

/** ONNX's numbers of the types of elements. */
const TYPES: Record<string, number> = { float32: 1, int32: 6, int64: 7, bool: 9 };
/** AttributeProto.AttributeType. */
const INT = 2;
const INTS = 7;
/** The version of the format that onnxruntime 1.12 and later read, and that of the operators. */
const IR_VERSION = 8;
const OPSET = 17;

interface Tensor {
  name: string;
  type: number;
  shape: readonly number[];
  data?: Uint8Array;
}

/** A graph of ONNX (github.com/onnx/onnx, onnx.proto3) that grows with each node. */
export class OnnxGraph {
  readonly #name: string;
  readonly #nodes: ((writer: ProtobufWriter) => void)[] = [];
  readonly #inputs: Tensor[] = [];
  readonly #outputs: Tensor[] = [];
  readonly #constants: Tensor[] = [];
  /** Names of tensors by their data, and then by shape: a tensor of tfjs shares its data with those of other shapes. */
  readonly #names = new Map<object, Map<string, string>>();
  /** Data that depends on an input. */
  readonly #dependent = new Set<object>();
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Declares an input. */
  input(name: string, tensor: tf.TensorInfo): void {
    this.#inputs.push({ name, type: TYPES[tensor.dtype], shape: tensor.shape });
    this.name(tensor, name);
  }

  /** Declares an output. */
  output(name: string, tensor: tf.TensorInfo): void {
    this.#outputs.push({ name, type: TYPES[tensor.dtype], shape: tensor.shape });
    this.add('Identity', [this.of(tensor)], {}, name);
  }

  /** Names a tensor that a node has made. */
  name(tensor: tf.TensorInfo, name: string): void {
    this.#dependent.add(tensor.dataId);
    this.#remember(tensor, name);
  }

  /** Whether a tensor depends on an input. */
  depends({ dataId }: tf.TensorInfo): boolean {
    return this.#dependent.has(dataId);
  }

  #remember(tensor: tf.TensorInfo, name: string): void {
    const byShape = this.#names.get(tensor.dataId) ?? new Map<string, string>();
    this.#names.set(tensor.dataId, byShape.set(tensor.shape.join(), name));
  }

  /** The name of a tensor; one that depends on no input becomes a constant. */
  of(tensor: tf.TensorInfo): string {
    const known = this.#names.get(tensor.dataId)?.get(tensor.shape.join());
    if (known !== undefined) return known;
    const values = tf.engine().readSync(tensor.dataId) as tf.TypedArray;
    const name = this.#fresh('constant');
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    this.#constants.push({ name, type: TYPES[tensor.dtype], shape: tensor.shape, data });
    this.#remember(tensor, name);
    return name;
  }

  /** A list of whole numbers as a constant. */
  list(values: readonly number[]): string {
    const name = this.#fresh('list');
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.#constants.push({ name, type: TYPES.int64, shape: [values.length], data });
    return name;
  }

  /** Adds a node with one output. @returns the output's name */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    output = this.#fresh(op.toLowerCase()),
  ): string {
    this.#nodes.push((writer) => {
      for (const input of inputs) writer.text(1, input);
      writer.text(2, output).text(3, output).text(4, op);
      for (const [name, value] of Object.entries(attributes)) {
        writer.message(5, (attribute) =>
          typeof value === 'number'
            ? attribute.text(1, name).int(3, value).int(20, INT)
            : attribute.text(1, name).ints(8, value).int(20, INTS),
        );
      }
    });
    return output;
  }

  /** The file of a model with this graph. @param producer the name of what made it */
  finish(producer: string): Uint8Array {
    return new ProtobufWriter()
      .int(1, IR_VERSION)
      .text(2, producer)
      .message(7, (graph) => {
        for (const write of this.#nodes) graph.message(1, write);
        graph.text(2, this.#name);
        for (const { name, type, shape, data } of this.#constants) {
          graph.message(5, (tensor) => {
            tensor.ints(1, shape).int(2, type).text(8, name).bytes(9, data!);
          });
        }
        for (const tensor of this.#inputs) graph.message(11, declared(tensor));
        for (const tensor of this.#outputs) graph.message(12, declared(tensor));
      })
      .message(8, (opset) => opset.text(1, '').int(2, OPSET))
      .finish();
  }

  #fresh(kind: string): string {
    return `${kind}_${this.#count++}`;
  }
}

/** A tensor's name, type and shape, as ValueInfoProto. */
function declared({ name, type, shape }: Tensor) {
  return (value: ProtobufWriter) =>
    value.text(1, name).message(2, (kind) =>
      kind.message(1, (tensor) =>
        tensor.int(1, type).message(2, (dims) => {
          for (const size of shape) dims.message(1, (dim) => dim.int(1, size));
        }),
      ),
    );
}
