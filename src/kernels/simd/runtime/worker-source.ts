import { MAX_WORDS } from './define-kernel.ts';

/** Words of the control block: the shared ones, followed by one line (64 bytes) for each thread. */
export const LAYOUT = {
  /** The number of the current job; 0 ends the workers. */
  job: 0,
  /** How many workers are parked. */
  parked: 16,
  /** The number of the kernel: its place among the module's exports. */
  kernel: 32,
  args: 48,
  threads: 48 + MAX_WORDS,
  perThread: 16,
  /** In a thread's line: the job whose part no thread has claimed yet; 0: none. */
  offered: 0,
  /** In a thread's line: the last job of which its part is done; -1 after a failure. */
  done: 1,
} as const;

/**
 * The program of a worker. It waits until the job's number changes, claims its part, runs it, and marks it as done. The
 * program is a string, so that no file must be found both from the sources and from the package.
 *
 * It spins for about 0.2 ms before it parks. So it stays awake during a training step: a parked thread takes 50 µs to
 * wake.
 */
export const WORKER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const { layout, module, memory, controlAddress, scratch, thread, threads } = workerData;
const control = new Int32Array(memory.buffer, controlAddress);
const argsAddress = controlAddress + 4 * layout.args;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const kernels = WebAssembly.Module.exports(module).map(({ name }) => exports[name]);
const line = layout.threads + layout.perThread * thread;
let job = Atomics.load(control, layout.job);
parentPort.postMessage('ready');
for (;;) {
  const last = job;
  for (let spins = 200000; spins > 0 && Atomics.load(control, layout.job) === last; spins--);
  if (Atomics.load(control, layout.job) === last) {
    Atomics.add(control, layout.parked, 1);
    Atomics.wait(control, layout.job, last);
    Atomics.sub(control, layout.parked, 1);
  }
  job = Atomics.load(control, layout.job);
  if (job === 0) break;
  const claimed = Atomics.compareExchange(control, line + layout.offered, job, 0) === job;
  if (!claimed) continue;
  try {
    kernels[control[layout.kernel]](argsAddress, scratch, thread, threads);
  } catch (error) {
    Atomics.store(control, line + layout.done, -1);
    throw error;
  }
  Atomics.store(control, line + layout.done, job);
}
`;
