import type { Worker } from 'node:worker_threads';
import type { Arena } from './arena.ts';
import { SCRATCH } from './constants.ts';
import type { Fields, Kernel, Values } from './define-kernel.ts';
import { LAYOUT, WORKER_SOURCE } from './worker-source.ts';

export interface PoolOptions {
  readonly module: WebAssembly.Module;
  readonly arena: Arena;
  /** How many threads, the calling one included. */
  readonly threads: number;
  /** Starts a thread with a program and the data that it reads as `workerData`. */
  readonly startWorker: (source: string, workerData: object) => Worker;
  /** The workers' program; tests give another one. */
  readonly source?: string;
}

/** A function that the kernels' module exports: it does part `part` of `parts` of a job. */
type Run = (args: number, scratch: number, part: number, parts: number) => void;

const MAX_THREADS = 64;
/** A kernel with at least this many multiply-adds is shared among threads: about 5 µs of one thread. */
const WORTH_SHARING = 131_072;
/** How often the main thread checks for a result before it lets other threads use its core. */
const SPINS = 100_000;
/** How long a part may take before the pool ends its worker, in ms. */
const PATIENCE = 60_000;
/** After this number, the numbers of jobs start again at 1. */
const LAST_JOB = 2 ** 30;
const FAILED = -1;

/**
 * Runs kernels on several threads: the calling one, and workers that wait for jobs, over one shared memory.
 *
 * Each thread has a part of every job. The result of a part does not depend on the thread that runs it: the main thread
 * runs the first part, then each part that its worker has not begun. So the main thread never waits for a worker that
 * still sleeps or has ended.
 */
export class Pool {
  /** Why there is only one thread, if the options ask for more. */
  warning: string | undefined;
  readonly #arena: Arena;
  /** The names of the module's functions; a kernel's number is the place of its symbol. */
  readonly #symbols: string[];
  readonly #functions: Run[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #control: Int32Array;
  readonly #floats: Float32Array;
  readonly #controlAddress: number;
  readonly #scratch: number[];
  #workers: Worker[] = [];
  #job = 0;
  #closed = false;

  private constructor({ module, arena, threads }: PoolOptions) {
    if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
      throw new RangeError(
        `kernels.threads must be a whole number in 1..${MAX_THREADS}, got ${threads}`,
      );
    }
    const { memory } = arena;
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#symbols = WebAssembly.Module.exports(module).map(({ name }) => name);
    this.#functions = this.#symbols.map((symbol) => exports[symbol] as Run);
    this.#numbers = new Map(this.#symbols.map((symbol, number) => [symbol, number]));
    this.#arena = arena;
    const words = LAYOUT.threads + threads * LAYOUT.perThread;
    this.#controlAddress = arena.allocate(4 * words);
    this.#control = new Int32Array(memory.buffer, this.#controlAddress, words).fill(0);
    this.#floats = new Float32Array(memory.buffer, this.#controlAddress, words);
    this.#scratch = Array.from({ length: threads }, () => arena.allocate(SCRATCH));
  }

  /**
   * Starts the workers and waits until they are ready. If one does not start, the pool has one thread and a `warning`. The
   * same happens if a worker fails later, and then Node.js prints the warning.
   */
  static async start(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options);
    await pool.#startWorkers(options).catch((error: Error) => pool.#retire(error));
    return pool;
  }

  /** How many threads run kernels. */
  get threads(): number {
    return 1 + this.#workers.length;
  }

  /**
   * Runs a kernel to its end. Uses one thread if it is little work, or if its split is `once`.
   *
   * @throws Error if the module has no such kernel, or if a worker fails in it; then the results are invalid
   */
  run<Of extends Fields>(kernel: Kernel<Of>, values: Values<Of>): void {
    if (this.#closed) throw new Error('kernels: the pool of threads is closed');
    const number = this.#numberOf(kernel.symbol);
    const run = this.#functions[number];
    kernel.write(this.#control, this.#floats, LAYOUT.args, values);
    const address = this.#controlAddress + 4 * LAYOUT.args;
    const { threads } = this;
    if (threads === 1 || kernel.split.by === 'once' || kernel.work(values) < WORTH_SHARING) {
      run(address, this.#scratch[0], 0, 1);
      return;
    }
    const job = this.#offer(number, threads);
    try {
      run(address, this.#scratch[0], 0, threads);
      for (let thread = 1; thread < threads; thread++) {
        if (this.#claim(thread, job)) run(address, this.#scratch[0], thread, threads);
      }
    } finally {
      // Also after an error above: a worker may still be running its part.
      for (let thread = 1; thread < threads; thread++) this.#join(thread, job);
    }
  }

  /** Ends the workers and frees their memory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#endWorkers();
    for (const address of [this.#controlAddress, ...this.#scratch]) this.#arena.free(address);
  }

  #numberOf(symbol: string): number {
    const number = this.#numbers.get(symbol);
    if (number !== undefined) return number;
    throw new Error(
      `kernels: expected the function ${symbol} in the machine code, which was built from other sources: run` +
        ' `npm run build:kernels`',
    );
  }

  async #startWorkers({
    module,
    threads,
    startWorker,
    source = WORKER_SOURCE,
  }: PoolOptions): Promise<void> {
    // A number that no job gets while the workers start. (0 would end them.)
    this.#control[LAYOUT.job] = LAST_JOB;
    const starting = this.#scratch.slice(1).map((scratch, i) => {
      const worker = startWorker(source, {
        layout: LAYOUT,
        module,
        memory: this.#arena.memory,
        controlAddress: this.#controlAddress,
        scratch,
        thread: i + 1,
        threads,
      });
      this.#workers.push(worker);
      return this.#watch(worker);
    });
    await Promise.all(starting);
    for (const worker of this.#workers) worker.unref();
  }

  /** Resolves when the worker is ready. If it fails later, the pool goes on with one thread. */
  #watch(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      let ready = false;
      const fail = (error: Error) => {
        if (!ready) return reject(error);
        if (this.#workers.includes(worker)) this.#lose(error);
      };
      worker.once('message', () => {
        ready = true;
        resolve();
      });
      worker.once('error', fail);
      worker.once('exit', (code) => fail(new Error(`it exited with code ${code}`)));
    });
  }

  #lose(error: Error): void {
    void this.#retire(error);
    process.emitWarning(this.warning!);
  }

  async #retire(error: Error): Promise<void> {
    this.warning = `kernels run on one thread: a worker failed (${error.message})`;
    await this.#endWorkers();
  }

  async #endWorkers(): Promise<void> {
    const workers = this.#workers.splice(0);
    Atomics.store(this.#control, LAYOUT.job, 0);
    Atomics.notify(this.#control, LAYOUT.job);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  /** Announces a job to the workers. */
  #offer(kernel: number, threads: number): number {
    const control = this.#control;
    this.#job = (this.#job % (LAST_JOB - 1)) + 1;
    control[LAYOUT.kernel] = kernel;
    for (let thread = 1; thread < threads; thread++) {
      Atomics.store(control, line(thread) + LAYOUT.offered, this.#job);
    }
    Atomics.store(control, LAYOUT.job, this.#job);
    if (Atomics.load(control, LAYOUT.parked) > 0) Atomics.notify(control, LAYOUT.job);
    return this.#job;
  }

  /** Claims a part for the main thread; false if its worker has begun it. */
  #claim(thread: number, job: number): boolean {
    const word = line(thread) + LAYOUT.offered;
    if (Atomics.compareExchange(this.#control, word, job, 0) !== job) return false;
    Atomics.store(this.#control, line(thread) + LAYOUT.done, job);
    return true;
  }

  /** Waits until a part is done, or withdraws it if its worker has not begun. */
  #join(thread: number, job: number): void {
    if (this.#claim(thread, job)) return;
    const word = line(thread) + LAYOUT.done;
    const done = () => Atomics.load(this.#control, word);
    for (let spins = SPINS; spins > 0 && done() !== job; spins--);
    const deadline = performance.now() + PATIENCE;
    while (done() !== job) {
      const late = performance.now() > deadline;
      if (late || done() === FAILED) {
        const how = late ? `took more than ${PATIENCE / 1000} s` : 'failed';
        const symbol = this.#symbols[this.#control[LAYOUT.kernel]];
        const error = new Error(`kernels: thread ${thread} ${how} in ${symbol}`);
        // If it went on, it would write into the results of other kernels.
        this.#lose(error);
        throw error;
      }
      Atomics.wait(this.#control, word, done(), 1);
    }
  }
}

const line = (thread: number) => LAYOUT.threads + LAYOUT.perThread * thread;
