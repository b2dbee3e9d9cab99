import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program that computes what a case times, in a process of its own. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** The file it works on: programs with the same one must compute the same. */
  readonly data: string | undefined;
}

/** What a program computed, by name. */
export type Check = Record<string, number | number[]>;

/** What a round found: `ms` of each repetition, and what else there is to know. */
export type Figures = { ms: number[] } & Record<string, number[]>;

type Options = Record<string, string | number | boolean>;

/** While others have their turn, V8 would drop what it has compiled, and the next round time compiling it anew. */
const STAY_WARM = ['--no-memory-reducer', '--no-flush-bytecode'];

/** One of ours, bench/ours/<script>.ts. */
export function ours(script: string, options: Options): Program {
  const file = fileURLToPath(new URL(`ours/${script}.ts`, import.meta.url));
  // With the loader of TypeScript that this process has.
  return program(process.execPath, [...process.execArgv, ...STAY_WARM, file], options);
}

/** A peer, bench/peers/<script>.py. */
export function peer(script: string, options: Options): Program {
  const file = fileURLToPath(new URL(`peers/${script}.py`, import.meta.url));
  const own = fileURLToPath(new URL('peers/.venv/bin/python', import.meta.url));
  const python = process.env.PONDERA_PYTHON || (existsSync(own) ? own : 'python3');
  return program(python, [file], options);
}

function program(command: string, args: readonly string[], options: Options): Program {
  const flags = Object.entries(options).map(([name, value]) =>
    value === true ? `--${name}` : `--${name}=${value}`,
  );
  return { command, args: [...args, ...flags], data: options.data?.toString() };
}

/** A peer that cannot run here: Python, a package or a compiler is missing. */
export class Absent extends Error {}

const MISSING = /(?:ModuleNotFoundError|ImportError|InvalidCxxCompiler): (.*)/;

/** A program that has started: it says what it computed, then times itself when asked to. */
export class Contender {
  /** Name and version of a peer. */
  readonly version: string | undefined;
  readonly check: Check;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answer: () => Promise<unknown>;
  readonly #ended: Promise<Error>;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    answer: () => Promise<unknown>,
    ended: Promise<Error>,
    { version, check }: { version?: string; check: Check },
  ) {
    this.#child = child;
    this.#answer = answer;
    this.#ended = ended;
    this.version = version;
    this.check = check;
  }

  /** @throws Absent where it cannot run here, Error where it fails */
  static async start({ command, args }: Program): Promise<Contender> {
    const child = spawn(command, args);
    let complaints = '';
    child.stderr.on('data', (text) => {
      complaints += text;
    });
    const ended = new Promise<Error>((resolve) => {
      child.once('error', (error) => resolve(new Absent(error.message)));
      child.once('close', (code) => {
        const missing = MISSING.exec(complaints);
        if (missing) resolve(new Absent(missing[1]));
        else resolve(new Error(`bench: ${args.join(' ')} ended (${code}):\n${complaints}`));
      });
    });
    // Whoever asks one that has ended is told why by `ended`.
    child.stdin.on('error', () => {});
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const answer = async () => {
      const { value, done } = await lines.next();
      if (done) throw await ended;
      return JSON.parse(value);
    };
    return new Contender(child, answer, ended, (await answer()) as { check: Check });
  }

  async round(): Promise<Figures> {
    this.#child.stdin.write('round\n');
    return (await this.#answer()) as Figures;
  }

  /** Without input it ends. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }
}
