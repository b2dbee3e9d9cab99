import { takeLock } from '../../src/agent/run/index.ts';

/** Takes the lock of its argument, says so, and holds it until it is killed. */
await takeLock(process.argv[2]);
process.stdout.write('held\n');
setInterval(() => {}, 1000);
