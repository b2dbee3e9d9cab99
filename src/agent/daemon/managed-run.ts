import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { refuseOther } from '../config/refuse-other.ts';
import { asChosen } from '../train/start-backend.ts';
import type { ConfigFile } from './config-folder.ts';
import type { Resources } from './queue.ts';
import { Restarts } from './restarts.ts';
import type { Entry } from './run-registry.ts';
import type { TrainProcess } from './train-process.ts';

/** A run of the daemon: its intended state, its config and its process. */
export class ManagedRun {
  readonly name: string;
  /** The directory of its files. */
  readonly runDir: string;
  entry: Entry;
  /** The problem with its config in the folder. */
  problem: string | undefined;
  /** The config for its next start; undefined where there is none. */
  source: { path: string; config: Config } | undefined;
  process: TrainProcess | undefined;
  /** Its share of the machine, from the decision to start it until its process ends without a pending retry. */
  share: Resources | undefined;
  /** Set while it waits for a restart. */
  retry: { timer: NodeJS.Timeout; at: Date; reason: string } | undefined;
  restarts = new Restarts();
  /** Counted since this daemon started. */
  readonly counts = { restarts: 0, incidents: 0 };
  readonly #dir: string;
  #file: ConfigFile | undefined;

  constructor(dir: string, entry: Entry) {
    this.#dir = dir;
    this.name = entry.run;
    this.runDir = runDirOf(dir, entry.run);
    this.entry = entry;
  }

  /** Whether it has started before, so that its next start resumes it. */
  get begun(): boolean {
    return existsSync(this.#resolved);
  }

  /** Sets its config in the folder and, where that has changed, prepares the next start. */
  async configure(file: ConfigFile | undefined): Promise<void> {
    if (file === this.#file && (this.source ?? this.problem) !== undefined) return;
    this.#file = file;
    await this.prepare();
  }

  /**
   * Chooses the config for its next start: that of the folder, unless the run has started and that config describes
   * another run.
   */
  async prepare(): Promise<void> {
    const { source, problem } = await this.#decide().catch(({ message }: Error) => ({
      source: undefined,
      problem: message,
    }));
    this.source = source;
    this.problem = problem;
  }

  async #decide(): Promise<Pick<ManagedRun, 'source' | 'problem'>> {
    const file = this.#file;
    const given =
      file && 'config' in file ? { ...file, path: join(this.#dir, file.file) } : undefined;
    const problem = file && 'problem' in file ? file.problem : undefined;
    if (!this.begun)
      return { source: given, problem: given ? undefined : (problem ?? 'its config file is gone') };
    const own = { path: this.#resolved, config: await loadConfig(this.#resolved) };
    if (given === undefined) return { source: own, problem: problem && `${problem}; ${KEEPS}` };
    try {
      const wanted = await asChosen(given.config, this.runDir);
      refuseOther(own.config, wanted, this.runDir, given.file);
      return { source: given, problem: undefined };
    } catch (error) {
      return { source: own, problem: `${(error as Error).message}; ${KEEPS}` };
    }
  }

  get #resolved(): string {
    return join(this.runDir, 'config.resolved.yaml');
  }
}

const KEEPS = 'the run keeps the config with which it began';

/** Where the files of a run of the daemon of `dir` are. */
export function runDirOf(dir: string, name: string): string {
  return join(dir, 'runs', name);
}
