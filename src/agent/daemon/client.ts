import { z } from 'zod';
import { RunError } from '../common/errors.ts';
import type { Control } from '../page/server/page-messages.ts';
import { errorCode } from '../run/index.ts';
import { type DaemonFile, readDaemonFile } from './daemon-file.ts';
import { type RunView, runViewSchema } from './run-status.ts';

const healthSchema = z.object({ id: z.string() });
const refusedSchema = z.object({ message: z.string() });
/** Milliseconds that the daemon may take to answer. */
const ANSWER_MS = 10_000;

/** The daemon of a folder, asked over HTTP. */
export class DaemonClient {
  readonly #file: DaemonFile;

  private constructor(file: DaemonFile) {
    this.#file = file;
  }

  /**
   * Finds the daemon of `dir`; undefined where none runs.
   * @throws RunError where it does not answer
   */
  static async find(dir: string): Promise<DaemonClient | undefined> {
    const file = await readDaemonFile(dir);
    if (file === undefined) return undefined;
    try {
      const answer = await fetch(`${file.url}/health`, { signal: AbortSignal.timeout(ANSWER_MS) });
      // A killed daemon leaves its file, and another process may listen at its port, so compare IDs before sending the token.
      const { data } = healthSchema.safeParse(await answer.json().catch(() => undefined));
      return data?.id === file.id ? new DaemonClient(file) : undefined;
    } catch (error) {
      const { cause, message } = error as Error;
      if (errorCode(cause) === 'ECONNREFUSED') return undefined;
      throw new RunError(`${file.url}: ${cause instanceof Error ? cause.message : message}`);
    }
  }

  async runs(): Promise<RunView[]> {
    return z.array(runViewSchema).parse(await this.#ask('/v1/runs'));
  }

  /** @throws RunError with the daemon's reason where it refuses */
  async control(run: string, action: Control): Promise<void> {
    await this.#ask('/v1/control', JSON.stringify({ run, action }));
  }

  async #ask(path: string, posted?: string): Promise<unknown> {
    const answer = await fetch(this.#file.url + path, {
      method: posted === undefined ? 'GET' : 'POST',
      body: posted,
      headers: { Authorization: `Bearer ${this.#file.token}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const body: unknown = await answer.json();
    if (!answer.ok) throw new RunError(refusedSchema.parse(body).message);
    return body;
  }
}
