import { z } from 'zod';
import { RunError } from '../errors.ts';
import type { Control } from '../page/messages.ts';
import { type DaemonFile, readDaemonFile } from './daemon-file.ts';
import { type RunView, runViewSchema } from './run-view.ts';

const refusedSchema = z.object({ message: z.string() });
/** How long it may take to answer, in ms. */
const ANSWER_MS = 10_000;

/** The daemon of a folder, asked over HTTP. */
export class DaemonClient {
  readonly #file: DaemonFile;

  private constructor(file: DaemonFile) {
    this.#file = file;
  }

  /** Finds the daemon of `dir`; undefined where none runs. */
  static async find(dir: string): Promise<DaemonClient | undefined> {
    const file = await readDaemonFile(dir);
    if (file === undefined) return undefined;
    const client = new DaemonClient(file);
    // One that was killed has left its file.
    return (await client.#alive()) ? client : undefined;
  }

  async runs(): Promise<RunView[]> {
    return z.array(runViewSchema).parse(await this.#ask('/v1/runs'));
  }

  /** @throws RunError saying why it cannot be done */
  async control(run: string, action: Control): Promise<void> {
    await this.#ask('/v1/control', JSON.stringify({ run, action }));
  }

  async #alive(): Promise<boolean> {
    try {
      await this.#ask('/health');
      return true;
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
  }

  /** @throws TypeError where nobody answers */
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
