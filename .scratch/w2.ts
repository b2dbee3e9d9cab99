import { startThread } from '../src/envs/thread.ts';
const w = startThread(new URL('../src/envs/remote/env-thread.ts', import.meta.url), { workerData: { id: 'CartPole-v1', options: {}, timeoutMs: 1000, count: 2 } });
w.on('message', (m) => { console.log('got', JSON.stringify(m).slice(0, 200)); });
w.on('error', (x) => console.log('error', x));
w.on('exit', (x) => console.log('exit', x));
setTimeout(() => { console.log('send'); w.postMessage({ t: 'reset', envs: [0, 1], seq: [1, 1] })}, 800);
setTimeout(() => process.exit(), 2500);
