/** Writes messages of Protocol Buffers (protobuf.dev/programming-guides/encoding), as far as ONNX needs them. */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];

  /** An integer, also a negative one. */
  int(field: number, value: number | bigint): this {
    return this.#push(varint(BigInt(field) << 3n), varint(BigInt.asUintN(64, BigInt(value))));
  }

  /** Integers, packed. */
  ints(field: number, values: readonly number[]): this {
    return this.bytes(
      field,
      joined(values.map((value) => varint(BigInt.asUintN(64, BigInt(value))))),
    );
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#push(varint((BigInt(field) << 3n) | 5n), bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#push(varint((BigInt(field) << 3n) | 2n), varint(BigInt(value.length)), value);
  }

  /** A message within this one. */
  message(field: number, write: (inner: ProtobufWriter) => unknown): this {
    const inner = new ProtobufWriter();
    write(inner);
    return this.bytes(field, inner.finish());
  }

  /** What has been written. */
  finish(): Uint8Array {
    return joined(this.#parts);
  }

  #push(...parts: Uint8Array[]): this {
    this.#parts.push(...parts);
    return this;
  }
}

/** Seven bits a byte, the lowest first; all but the last have the eighth bit. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
