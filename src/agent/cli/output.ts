import { writeSync } from 'node:fs';

type Write = typeof process.stdout.write;

/** Standard output as it is before `keepOutput`. */
let write: Write = process.stdout.write.bind(process.stdout);

/**
 * Makes standard output this command's own, to be written to by `print` alone: what environments and hooks print
 * there (console.log too, and in threads) goes to standard error. Out of reach is what native code writes to the
 * file descriptor itself, and a process of theirs that inherits it.
 */
export function keepOutput(): void {
  write = process.stdout.write.bind(process.stdout);
  const aside = process.stderr.write.bind(process.stderr) as (...written: unknown[]) => boolean;
  process.stdout.write = (...written: unknown[]) => {
    aside(...written);
    // Who were told to wait would wait for standard output to drain.
    return true;
  };
}

/** Writes to standard output. @param done called once it is written */
export function print(text: string, done?: () => void): void {
  write(text, done);
}

/** Prints a value as a line of JSON. */
export function printJson(value: unknown): void {
  print(`${JSON.stringify(value)}\n`);
}

/** Writes values as lines of JSON to a file descriptor, synchronously. If the reader is gone, it drops them. */
export function jsonTo(fd: number): (value: unknown) => void {
  return (value) => {
    let rest: Uint8Array = Buffer.from(`${JSON.stringify(value)}\n`);
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    }
  };
}
