import { MAX_WORDS } from './define-kernel.ts';

/** Words of the control block, each thread's line (64 bytes) after the shared ones. */
export const LAYOUT = {
  /** Number of the job under way; 0 ends the workers. */
  job: 0,
  /** How many workers are parked. */
  parked: 16,
  /** Number of the kernel: its place among the module's exports. */
  kernel: 32,
  args: 48,
  threads: 48 + MAX_WORDS,
  perThread: 16,
  /** In a thread's line: the job whose part waits to be claimed, by whoever is first; 0 for none. */
  offered: 0,
  /** In a thread's line: the last job of which it has done its part; -1 after a failure. */
  done: 1,
} as const;

/**
 * A worker: it waits for the job's number to change, claims its part, runs it, and says so. In a string,
 * so that it needs no file that would have to be found both from the sources and from the package.
 *
 * It spins for some 0.2 ms before it parks, so that it stays awake within a training step: a parked
 * thread takes 50 µs to wake.
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
