export { Heartbeat } from './heartbeat.ts';
export { stalls } from './stalls.ts';
export { watchThread } from './watch-thread.ts';
