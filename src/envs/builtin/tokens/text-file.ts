import type { Tokenizer } from '@huggingface/tokenizers';
import { EnvOptionsError } from '../../contract/env-options-error.ts';

/**
 * A file that an option of Text-v0 names. What reads it is looked up and not imported, since the other built-in environments
 * run in a browser too. All throw EnvOptionsError, which names the option and the path.
 */
export class TextFile {
  readonly path: string;
  /** What changes where the file does. */
  readonly version: string;
  readonly #option: string;
  readonly #named: string;

  /** @param path from the working directory; undefined: the license of this package */
  constructor(option: string, path: string | undefined) {
    this.#option = option;
    this.#named = path ?? 'the license of this package';
    const fs = this.#node('fs');
    try {
      this.path = fs.realpathSync(path ?? license());
      const { mtimeMs, size } = fs.statSync(this.path);
      this.version = `${mtimeMs} ${size}`;
    } catch (error) {
      throw this.#unread(error);
    }
  }

  /** Its content. */
  text(): string {
    let bytes: Uint8Array;
    try {
      bytes = this.#node('fs').readFileSync(this.path);
    } catch (error) {
      throw this.#unread(error);
    }
    if (bytes.length === 0) throw this.#refusal('expected a text, got an empty file');
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.#refusal('expected UTF-8, got other bytes');
    }
  }

  /** The tokenizer that it describes, a tokenizer.json of Hugging Face. */
  tokenizer(): Tokenizer {
    const text = this.text();
    try {
      const require = this.#node('module').createRequire(import.meta.url);
      const package_: typeof import('@huggingface/tokenizers') = require('@huggingface/tokenizers');
      return new package_.Tokenizer(JSON.parse(text), {});
    } catch (error) {
      throw this.#refusal(`expected a tokenizer.json (${(error as Error).message})`);
    }
  }

  #node<Name extends 'fs' | 'module'>(name: Name) {
    const found = globalThis.process?.getBuiltinModule?.(`node:${name}`);
    if (found) return found;
    throw new EnvOptionsError('Text-v0: expected Node.js, since it reads a file, got none');
  }

  #unread(error: unknown): EnvOptionsError {
    const { code, message } = error as NodeJS.ErrnoException;
    return this.#refusal(code === 'ENOENT' ? 'no such file' : `cannot be read (${message})`);
  }

  #refusal(problem: string): EnvOptionsError {
    const where = `${this.#named} (from ${globalThis.process.cwd()})`;
    return new EnvOptionsError(`Text-v0: options.${this.#option}: ${problem}: ${where}`);
  }
}

/** Not written in one expression, in which a bundler for browsers would find a file to include. */
function license(): URL {
  const here = import.meta.url;
  return new URL('../../../../LICENSE', here);
}
