/** Sessions that ask a policy server, one observation in flight each, and check every answer. */
import { loadavg } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { PolicyClient } from '../../src/index.ts';
import { check, distance, quantile } from '../measure.ts';
import { lookUp } from './policy-run.ts';

const OBSERVATIONS = 1024;
/** Decisions of an episode. */
const EPISODE = 16;
/** In a batch, sums are added up in another order than alone. */
const TOLERANCE = 1e-4;
/** Until V8 has compiled what it runs, in ms. */
const WARM_UP = 3000;

const text = { type: 'string', default: '' } as const;
const { run, url, ...numbers } = parseArgs({
  options: { run: text, url: text, clients: text, memory: text, seconds: text },
}).values;
const seconds = Number(numbers.seconds);
/** What is right depends on the episode so far, where the policy has a memory. */
const remembers = Number(numbers.memory) > 0;
const { obs, actions } = await lookUp(run, OBSERVATIONS);
const clients = await Promise.all(
  Array.from({ length: Number(numbers.clients) }, () => PolicyClient.connect(url)),
);

const from = performance.now() + WARM_UP;
const to = from + 1000 * seconds;
const latencies: number[] = [];
let [asked, steps] = [0, 0];

/** An environment whose observation says where in its episode it is: a lost or doubled answer shows. */
async function session(client: PolicyClient, index: number): Promise<void> {
  const playing = client.session();
  for (let episode = 0; performance.now() < to; episode++) {
    playing.reset();
    for (let t = 0; t < EPISODE; t++) {
      const at = (index * 37 + episode * EPISODE + t) % OBSERVATIONS;
      const since = performance.now();
      const acted = await (remembers ? playing : client).act(obs[at]);
      const now = performance.now();
      asked++;
      const off = remembers ? 0 : distance(acted.action, actions[at][acted.ponderSteps - 1]);
      check(
        off < TOLERANCE,
        `session ${index}, decision ${t} of episode ${episode}: off by ${off}`,
      );
      if (now < from || now >= to) continue;
      latencies.push(now - since);
      steps += acted.ponderSteps;
    }
  }
}

async function gauges() {
  const page = await fetch(url.replace('ws', 'http').replace('/v1/policy', '/metrics'));
  const text = await page.text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    rssMiB: value('pondera_process_resident_bytes') / 2 ** 20,
    decisions: value('pondera_policy_decisions_total'),
    serverCpu: value('pondera_process_cpu_seconds'),
    clientsCpu: Object.values(process.cpuUsage()).reduce((a, b) => a + b) / 1e6,
  };
}

const before = await gauges();
const warming = setTimeout(WARM_UP).then(gauges);
await Promise.all(clients.map(session));
const [warm, after] = [await warming, await gauges()];
const decided = after.decisions - before.decisions;
check(decided === asked, `${decided} decisions made, ${asked} received`);
for (const client of clients) client.close();
process.stdout.write(
  `${JSON.stringify({
    clients: clients.length,
    seconds,
    asked,
    decisionsPerSecond: Math.round(latencies.length / seconds),
    meanSteps: steps / latencies.length,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    serverCpuUs: (1e6 * (after.serverCpu - warm.serverCpu)) / (after.decisions - warm.decisions),
    clientsCpuUs: (1e6 * (after.clientsCpu - warm.clientsCpu)) / (after.decisions - warm.decisions),
    rssStartMiB: warm.rssMiB,
    rssEndMiB: after.rssMiB,
    loadAverage: loadavg()[0],
  })}\n`,
);
