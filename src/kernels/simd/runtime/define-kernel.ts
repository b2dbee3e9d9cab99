import * as constants from './constants.ts';
import { functionFrom } from './function-from.ts';

/** One 32-bit word of a kernel's arguments. */
export interface Word {
  readonly type: 'pointer' | 'int' | 'flag' | 'float';
  /** Shape, unit or meaning; a comment of the generated class. */
  readonly doc: string;
  readonly optional?: boolean;
}

/** Byte address of an array. `doc` is its shape. */
export const pointer = (doc: string) => ({ type: 'pointer', doc }) as const;
/** Address of an array that may be absent: leave it out, and the kernel reads 0. */
export const optional = (doc: string) => ({ type: 'pointer', doc, optional: true }) as const;
export const int = (doc = '') => ({ type: 'int', doc }) as const;
/** A boolean; the kernel reads 0 or 1. */
export const flag = (doc = '') => ({ type: 'flag', doc }) as const;
export const float = (doc = '') => ({ type: 'float', doc }) as const;

/** Words that several kernels take together. */
export interface Struct<Of extends Fields = Fields> {
  /** Name of the class in AssemblyScript. */
  readonly name: string;
  readonly fields: Of;
}

export interface Fields {
  readonly [name: string]: Word | Struct;
}

export const struct = <Of extends Fields>(name: string, fields: Of): Struct<Of> => ({
  name,
  fields,
});

type ValueOf<Field> =
  Field extends Struct<infer Of> ? Values<Of> : Field extends { type: 'flag' } ? boolean : number;

type OptionalOf<Of extends Fields> = {
  [Name in keyof Of]: Of[Name] extends { optional: true } ? Name : never;
}[keyof Of];

/** The values of arguments, by name. */
export type Values<Of extends Fields> = {
  readonly [Name in Exclude<keyof Of, OptionalOf<Of>>]: ValueOf<Of[Name]>;
} & {
  readonly [Name in OptionalOf<Of>]?: number;
};

/** The paths of numbers among arguments, such as `rows` or `heads.N`. */
type Count<Of extends Fields> = {
  [Name in keyof Of & string]: Of[Name] extends Struct<infer Inner>
    ? `${Name}.${Count<Inner>}`
    : Of[Name] extends { type: 'int' }
      ? Name
      : never;
}[keyof Of & string];

/**
 * How parts of the work go to threads. No result may depend on the number of parts.
 *
 * - `share`: each part has a range of 0..over − 1; the kernel is `f(a, from, to)`.
 * - `lanes`: each of LANES lanes has a range of 0..over − 1, of at least `least`; `f(a, lane, from, to)`.
 * - `once`: one thread does everything; `f(a)`.
 * - `own`: the kernel splits its work itself; `f(a, part, parts)`.
 */
export type Split<Over = string> =
  | { readonly by: 'share'; readonly over: Over }
  | { readonly by: 'lanes'; readonly over: Over; readonly least: number }
  | { readonly by: 'once' }
  | { readonly by: 'own' };

export interface KernelSpec<Of extends Fields> {
  readonly args: Of;
  readonly split: Split<Count<Of>>;
  /** Whether the kernel has the thread's scratch memory as its last parameter. */
  readonly scratch?: boolean;
  /** Multiply-adds, or as many as take the same time. Little work stays on one thread. */
  readonly work: (values: Values<Of>) => number;
}

/** A function of the WebAssembly module: everything that the generator knows of it. */
export interface Declared extends Struct {
  /** Name of the function in AssemblyScript. */
  readonly kernel: string;
  readonly split: Split;
  readonly scratch: boolean;
  /** The name that the module exports: that of the kernel, and a hash of the arguments, the split and the constants. */
  readonly symbol: string;
  /** Writes the arguments to `words` and `floats`, two views of the same memory, from word `at` on. */
  readonly write: (words: Int32Array, floats: Float32Array, at: number, values: object) => void;
}

/** A kernel to run: `pool.run(kernel, values)`. */
export interface Kernel<Of extends Fields> extends Declared {
  readonly fields: Of;
  work(values: Values<Of>): number;
}

/** The most words that arguments may have. */
export const MAX_WORDS = 96;

/**
 * Declares a kernel. The code is the function `name` in the file of `assembly` that has the name of the declaring
 * file; `npm run build:kernels` writes its arguments class and its export.
 *
 * @throws RangeError if the arguments have more than MAX_WORDS words
 */
export function defineKernel<const Of extends Fields>(
  name: string,
  { args, split, scratch = false, work }: KernelSpec<Of>,
): Kernel<Of> {
  const of = struct(`${name[0].toUpperCase()}${name.slice(1)}Arguments`, args);
  const words = wordsOf(of);
  if (words.length > MAX_WORDS) {
    throw new RangeError(
      `kernel ${name}: expected at most ${MAX_WORDS} words of arguments, got ${words.length}`,
    );
  }
  const layout = words.map(({ path, type }) => `${path}:${type}`);
  const numbers = Object.entries(constants).sort();
  const symbol = `${name}_${hash(JSON.stringify([numbers, split, scratch, layout]))}`;
  return { ...of, kernel: name, split, scratch, work, symbol, write: writerOf(words) };
}

/** The words of a struct in memory order, each with its path from the outermost struct. */
function wordsOf({ fields }: Struct, prefix = ''): (Word & { path: string })[] {
  return Object.entries(fields).flatMap(([name, field]) =>
    'fields' in field
      ? wordsOf(field, `${prefix}${name}.`)
      : [{ ...field, path: `${prefix}${name}` }],
  );
}

/** How many words a struct takes. */
export const sizeOf = (of: Struct): number => wordsOf(of).length;

/**
 * The function that writes arguments. It is made from text, so that each property is read by its literal name: for 48
 * words it takes 0.3 µs, where a loop over names takes 0.7 µs. A page's Content Security Policy may forbid such functions;
 * then it is the loop.
 */
function writerOf(words: readonly (Word & { path: string })[]): Declared['write'] {
  const lines = words.map(({ path, type, optional }, i) => {
    const value = `values.${path}${optional ? ' ?? 0' : ''}`;
    return `${type === 'float' ? 'floats' : 'words'}[at + ${i}] = ${value};`;
  });
  const parameters = ['words', 'floats', 'at', 'values'];
  return functionFrom<Declared['write']>(...parameters, lines.join('\n')) ?? loopOver(words);
}

function loopOver(words: readonly (Word & { path: string })[]): Declared['write'] {
  const places = words.map(({ path, type }) => ({ keys: path.split('.'), type }));
  return (ints, floats, at, values) => {
    for (const [i, { keys, type }] of places.entries()) {
      let value: unknown = values;
      for (const key of keys) value = (value as Record<string, unknown>)[key];
      (type === 'float' ? floats : ints)[at + i] = Number(value ?? 0);
    }
  };
}

/** FNV-1a, 32 bits, as eight hexadecimal digits. */
function hash(text: string): string {
  let h = 0x811c9dc5;
  for (const character of text) h = Math.imul(h ^ character.codePointAt(0)!, 0x01000193);
  return (h >>> 0).toString(16).padStart(8, '0');
}
