import { threadConnector } from '../src/envs/remote/thread-connector.ts';
const c = threadConnector({ id: 'CartPole-v1', options: {}, timeoutMs: 1000 }, 0);
const { link, welcome } = await c.connect(2);
console.log(welcome.env.id);
link.onMessage = (m) => console.log('got', m);
link.onClose = (x) => console.log('closed', x);
link.send({ t: 'reset', envs: [0, 1], seq: [1, 1] });
setTimeout(() => process.exit(), 1500);
