import { type Declared, type Split, type Struct, sizeOf } from '../runtime/define-kernel.ts';

const HEADER = '// Written by `npm run build:kernels` from src/kernels/simd/kernels: do not edit.';

const TYPES = { pointer: 'usize', int: 'i32', flag: 'i32', float: 'f32' } as const;

const importOf = (names: string, path: string) => `import ${names} from ${quoted(path)};`;
const quoted = (text: string) => `'${text}'`;

/** A file of `kernels` and the kernels that it declares. */
export interface Declarations {
  /** Without extension; the code is in the file of `assembly` that has the same name. */
  readonly file: string;
  readonly kernels: readonly Declared[];
}

/** `assembly/generated/arguments.ts`: the constants, and a class for the arguments of each kernel. */
export function argumentsFile(
  constants: Readonly<Record<string, number>>,
  declarations: readonly Declarations[],
): string {
  const numbers = Object.entries(constants).sort(([a], [b]) => (a < b ? -1 : 1));
  const structs = new Map<string, Struct>();
  for (const { kernels } of declarations) for (const kernel of kernels) collect(kernel, structs);
  return [
    HEADER,
    '',
    ...numbers.map(([name, value]) => `export const ${name}: i32 = ${value};`),
    ...[...structs.values()].map((struct) => `\n${classOf(struct)}`),
    '',
  ].join('\n');
}

/** Adds a struct to `found`, after those that lie within it. @throws Error if another one has its name */
function collect(struct: Struct, found: Map<string, Struct>): void {
  for (const field of Object.values(struct.fields)) if ('fields' in field) collect(field, found);
  if ((found.get(struct.name) ?? struct) !== struct) {
    throw new Error(`kernels: expected one class named ${struct.name}, got two`);
  }
  found.set(struct.name, struct);
}

function classOf(struct: Struct): string {
  const lines: string[] = [];
  let words = 0;
  for (const [name, field] of Object.entries(struct.fields)) {
    if ('fields' in field) {
      const at = words === 0 ? '' : ` + ${4 * words}`;
      const self = `changetype<usize>(this)${at}`;
      lines.push(
        `  @inline get ${name}(): ${field.name} { return changetype<${field.name}>(${self}); }`,
        ...fieldsOf(field, `${name}_`),
      );
      words += sizeOf(field);
    } else {
      const doc = [field.doc, field.optional ? '0: absent' : ''].filter(Boolean).join('; ');
      if (doc) lines.push(`  /** ${doc} */`);
      lines.push(`  ${name}: ${TYPES[field.type]};`);
      words++;
    }
  }
  return ['@unmanaged', `export class ${struct.name} {`, ...lines, '}'].join('\n');
}

/** Fields that make room for a struct within another; the code reads them through the getter. */
function fieldsOf({ fields }: Struct, prefix: string): string[] {
  return Object.entries(fields).flatMap(([name, field]) =>
    'fields' in field
      ? fieldsOf(field, `${prefix}${name}_`)
      : [`  private ${prefix}${name}: ${TYPES[field.type]};`],
  );
}

/** `assembly/generated/exports.ts`: the functions that the module exports, each of which does a part of a job. */
export function exportsFile(declarations: readonly Declarations[]): string {
  const files = declarations.filter(({ kernels }) => kernels.length > 0);
  const all = files.flatMap(({ kernels }) => kernels);
  const splits = (by: Split['by']) => all.some(({ split }) => split.by === by);
  const classes = all.map(({ name }) => `  ${name},\n`).sort();
  const helpers = [...(splits('lanes') ? ['laneSize'] : []), ...(splits('share') ? ['share'] : [])];
  return [
    HEADER,
    ...files.map(({ file, kernels }) =>
      importOf(`{ ${kernels.map(({ kernel }) => kernel).join(', ')} }`, `../${file}`),
    ),
    importOf(`{ ${helpers.join(', ')} }`, '../split'),
    importOf(`{\n  LANES,\n${classes.join('')}}`, './arguments'),
    ...all.map((kernel) => `\n${exportOf(kernel)}`),
    '',
  ].join('\n');
}

function exportOf({ kernel, name, symbol, split, scratch }: Declared): string {
  const call = (...given: string[]) =>
    `${kernel}(${['a', ...given, ...(scratch ? ['scratch'] : [])].join(', ')});`;
  const body = {
    share: ({ over }: Split & { by: 'share' }) => [
      call(`share(a.${over}, part, parts)`, `share(a.${over}, part + 1, parts)`),
    ],
    lanes: ({ over, least }: Split & { by: 'lanes' }) => [
      `const size = laneSize(a.${over}, ${least});`,
      'for (let lane = part; lane < LANES; lane += parts) {',
      '  const first = lane * size;',
      `  ${call('lane', 'first', `min(a.${over}, first + size)`)}`,
      '}',
    ],
    once: () => [`if (part == 0) ${call()}`],
    own: () => [call('part', 'parts')],
  }[split.by] as (split: Split) => string[];
  return [
    `export function ${symbol}(words: usize, scratch: usize, part: i32, parts: i32): void {`,
    ...[`const a = changetype<${name}>(words);`, ...body(split)].map((line) => `  ${line}`),
    '}',
  ].join('\n');
}

/** `kernels/index.ts`: how to register each file's kernels. */
export function registryFile(files: readonly string[]): string {
  const name = (file: string) => file.replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());
  return [
    HEADER,
    ...files.map((file) => importOf(`{ register as ${name(file)} }`, `./${file}.ts`)),
    '',
    '/** Each file registers the kernels of one operation for `simd`. */',
    `export const registrations: readonly (() => void)[] = [`,
    ...files.map((file) => `  ${name(file)},`),
    '];',
    '',
  ].join('\n');
}
