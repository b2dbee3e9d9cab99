import {
  catchError,
  defer,
  delay,
  EMPTY,
  endWith,
  ignoreElements,
  merge,
  type Observable,
  Subject,
  takeUntil,
} from 'rxjs';
import { explainPlain } from '../../envs/common/index.ts';
import { loadFactory } from '../../envs/index.ts';
import { RunError, UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import type { TrainEvent } from '../events/events.ts';

/** A run as a hook sees it: its events, and the means to change its course. */
export interface Run {
  /** The run's config, with its defaults. */
  readonly config: Config;
  /** The directory of its files. */
  readonly dir: string;
  /**
   * The events of `train`, in the order they happen. It completes after `finished`, and when the run goes back to a
   * checkpoint, after which the hook is called again. It fails where the run fails. Training does not wait for the
   * hook, except at the end of the run, for at most ten seconds.
   */
  readonly events$: Observable<TrainEvent>;
  /**
   * Options for `env.reset({ options })` of each episode of training from now on; evaluations get none. Plain JSON
   * data, which the run saves. Anything else throws a TypeError.
   */
  resetOptions: unknown;
  /**
   * The hook's own state, which the run saves: keep counters here, and a resumed run continues them. Plain JSON data;
   * anything else throws a TypeError where it is set, and ends the run at the next event where it was changed in place.
   */
  memory: unknown;
  /**
   * Ends training as if its environment steps were done: it saves, evaluates and reports. Called at `updated` or
   * `evaluated`, that update is the last one; called at another time, the next one is.
   * @param reason for the event `stopped`
   */
  stop(reason: string): void;
  /** Saves a checkpoint after the current update. */
  save(): void;
}

/**
 * Code of your own that takes part in a run: logging, early stopping, a curriculum (docs/hooks.md).
 *
 * `train` calls it when training begins, is resumed, or goes back to a checkpoint, and subscribes to the observable
 * that it returns. An error there ends the run. A module that a config names under `hooks` has a hook as its default
 * export.
 *
 * ```ts
 * import type { Hook } from 'pondera';
 * import { filter, tap } from 'rxjs';
 *
 * const earlyStopping: Hook = ({ events$, stop }) =>
 *   events$.pipe(
 *     filter((event) => event.type === 'evaluated'),
 *     tap(({ evaluation }) => {
 *       if (evaluation.return.mean > 450) stop('good enough');
 *     }),
 *   );
 * export default earlyStopping;
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: each hook has options of its own
export type Hook = (run: Run, options?: any) => Observable<unknown>;

/** Milliseconds that a hook's observable may continue after the last event. */
const GRACE_MS = 10_000;

/** The parts of a run that hooks can change. */
export interface Control extends Pick<Run, 'resetOptions' | 'stop' | 'save'> {
  /** `Run.memory` of the hooks, keyed by their index. */
  memories: Record<number, unknown>;
}

/** A hook with its options and its name in errors. */
interface Named {
  name: string;
  start: (run: Run) => Observable<unknown>;
}

/** The hooks of one run. */
export class Hooks {
  readonly #hooks: readonly Named[];
  #events = new Subject<TrainEvent>();
  /** Events before the first `start`; undefined after it. */
  #early: TrainEvent[] | undefined = [];
  #failure: RunError | undefined;
  #control: Control | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(hooks: readonly Named[]) {
    this.#hooks = hooks;
  }

  /** Loads the hooks that a config names and adds `given`. @throws UsageError where a module exports no hook */
  static async load(config: Config, baseDir: string, given: readonly Hook[] = []): Promise<Hooks> {
    const named: Named[] = [];
    for (const [i, { module, options }] of config.hooks.entries()) {
      const hook = await loadHook(module, baseDir, i);
      named.push({ name: `hooks.${i} (${module})`, start: (run) => hook(run, options) });
    }
    const passed = given.map((hook, i) => ({
      name: `hook ${i} ${hook.name}`.trimEnd(),
      start: hook,
    }));
    return new Hooks([...named, ...passed]);
  }

  /**
   * Calls the hooks and passes the earlier events to them. Where the run goes back to a checkpoint, call it again with
   * the restored control. @throws RunError where a hook fails
   */
  start({ config, dir }: Pick<Run, 'config' | 'dir'>, control: Control): void {
    this.#control = control;
    this.#events.complete();
    this.#events = new Subject();
    const events$ = this.#events.asObservable();
    const eventsEnd$ = events$.pipe(
      catchError(() => EMPTY),
      ignoreElements(),
      endWith(undefined),
    );
    const pipelines = this.#hooks.map((hook, i) =>
      this.#pipeline(hook, this.#run(i, { config, dir, events$ }, control)),
    );
    const ended = new Promise<void>((resolve) => {
      merge(...pipelines)
        .pipe(takeUntil(eventsEnd$.pipe(delay(GRACE_MS))))
        .subscribe({ complete: resolve });
    });
    this.#ended = Promise.all([this.#ended, ended]);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.emit(event);
  }

  /** Passes an event to the hooks. @throws RunError where a hook has failed, or keeps data that is not plain JSON */
  emit(event: TrainEvent): void {
    if (this.#early) this.#early.push(event);
    else this.#events.next(event);
    this.#check();
  }

  /** Runs `work`, then ends the events and waits for the hooks' observables. @throws RunError where a hook fails */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#events.complete();
      await this.#ended;
      this.#check();
      return result;
    } catch (error) {
      this.#events.error(error);
      await this.#ended;
      throw error;
    }
  }

  /** The run as hook `i` sees it. */
  #run(
    i: number,
    { config, dir, events$ }: Pick<Run, 'config' | 'dir' | 'events$'>,
    control: Control,
  ): Run {
    return {
      config,
      dir,
      events$,
      get resetOptions() {
        return control.resetOptions;
      },
      set resetOptions(options) {
        refuseUnplain(options, 'resetOptions');
        control.resetOptions = options;
      },
      get memory() {
        return control.memories[i];
      },
      set memory(memory) {
        refuseUnplain(memory, 'memory');
        control.memories[i] = memory;
      },
      stop: (reason) => control.stop(reason),
      save: () => control.save(),
    };
  }

  #check(): void {
    this.#failure ??= this.#unplain();
    if (this.#failure) throw this.#failure;
  }

  /** Hooks may change their data in place, so it is checked after each event. */
  #unplain(): RunError | undefined {
    const { memories = {}, resetOptions } = this.#control ?? {};
    for (const [i, { name }] of this.#hooks.entries()) {
      const problem = explainKept(memories[i], 'memory');
      if (problem !== undefined) return new RunError(`${name}: ${problem}`);
    }
    const problem = explainKept(resetOptions, 'resetOptions');
    return problem === undefined ? undefined : new RunError(`hooks: ${problem}`);
  }

  /** A hook's observable. An error in it becomes the run's failure and leaves the other hooks running. */
  #pipeline({ name, start }: Named, run: Run): Observable<unknown> {
    return defer(() => start(run)).pipe(
      catchError((cause) => {
        const reason = cause instanceof Error ? cause.message : String(cause);
        this.#failure ??= new RunError(`${name}: ${reason}`, { cause });
        return EMPTY;
      }),
    );
  }
}

/** The reason why a value cannot be saved; undefined where it can, or is undefined. */
function explainKept(value: unknown, name: string): string | undefined {
  return value === undefined ? undefined : explainPlain(value, name);
}

/** @throws TypeError naming the path of the value that cannot be saved */
function refuseUnplain(value: unknown, name: string): void {
  const problem = explainKept(value, name);
  if (problem !== undefined) throw new TypeError(problem);
}

async function loadHook(module: string, baseDir: string, i: number): Promise<Hook> {
  const hint = 'write `export default ({ events$ }, options) => events$.pipe(…)`';
  try {
    return (await loadFactory(module, baseDir, { name: 'hook', hint })) as Hook;
  } catch (error) {
    throw new UsageError(`hooks.${i}: ${(error as Error).message}`, { cause: error });
  }
}
