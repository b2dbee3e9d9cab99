import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { UsageError } from '../common/errors.ts';
import { explainRounded, withinOptions } from '../common/rounded-integer.ts';
import { fieldAt } from './json-schema.ts';
import type { Override } from './overrides.ts';
import { renamedKeys } from './renamed-keys.ts';

/** A config as it is written in YAML. */
export class ConfigDocument {
  readonly #file: string | undefined;
  readonly #doc: Document;
  readonly #lines = new LineCounter();

  /**
   * @param file what messages call the file; there is none unless given
   * @throws UsageError with the place of everything that is no YAML, and where a key has both its old and its new name
   */
  constructor(text: string, file?: string) {
    this.#file = file;
    this.#doc = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const errors = this.#doc.errors.map(({ pos, message }) => ({ at: pos[0], message }));
    visit(this.#doc, {
      Alias: (_, alias) => {
        if (alias.resolve(this.#doc) !== undefined) return;
        const message = `expected an anchor &${alias.source} before *${alias.source}, found none`;
        errors.push({ at: alias.range?.[0] ?? 0, message });
      },
      Scalar: (_, scalar, around) => {
        const message = withinOptions(around) ? explainRounded(scalar) : undefined;
        if (message !== undefined) errors.push({ at: scalar.range?.[0] ?? 0, message });
      },
    });
    if (errors.length === 0) {
      this.#rename();
      return;
    }
    const found = errors.map(({ at, message }) => {
      const { line, col } = this.#lines.linePos(at);
      return `${file}:${line}:${col}: ${message}`;
    });
    throw new UsageError(found.join('\n'));
  }

  /** Gives keys with an old name their new one. */
  #rename(): void {
    for (const { parent, old, name } of renamedKeys((path) => this.#doc.hasIn(path))) {
      const mapping = parent.length === 0 ? this.#doc.contents : this.#doc.getIn(parent);
      if (!isMap(mapping)) continue;
      const pair = mapping.items.find(({ key }) => isScalar(key) && key.value === old);
      if (pair) pair.key = this.#doc.createNode(name);
    }
  }

  /** @throws UsageError where there is nothing that it could be set in */
  apply({ text, path, value, source }: Override): void {
    const field = fieldAt(path);
    const free = field?.type === undefined && !field?.enum;
    try {
      if (value === null && !free) {
        this.#doc.deleteIn(path);
        return;
      }
      const node = this.#doc.createNode(value);
      if (isScalar(node)) node.source = source;
      this.#doc.setIn(path, node);
    } catch {
      throw new UsageError(
        `--set ${text}: expected a mapping or a list that holds this key, got a single value`,
      );
    }
  }

  /** What it holds. @throws UsageError where its aliases would make it boundless */
  value(): unknown {
    try {
      return this.#doc.toJS();
    } catch (error) {
      throw new UsageError(`${this.#file}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** How the scalar at `path` is written. */
  source(path: readonly PropertyKey[]): string | undefined {
    const node = this.#doc.getIn(path, true);
    return isScalar(node) ? node.source : undefined;
  }

  /** Where the value at `path`, or the nearest thing around it, is. */
  place(path: readonly PropertyKey[]): string {
    if (this.#file === undefined) return 'no config file was given; set it with --set';
    for (let depth = path.length; depth > 0; depth--) {
      const node = this.#doc.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined;
      if (node?.range) return `in ${this.#file}, line ${this.#lines.linePos(node.range[0]).line}`;
    }
    return `in ${this.#file}`;
  }
}
