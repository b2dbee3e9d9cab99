/**
 * `npm run fuzz [-- --frames N --seed S --only PATTERN]`: a longer campaign than CI's, 100,000 frames and
 * handshakes unless told otherwise. Prints what came of them; stops at the first that a target did not stand.
 */
import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import { Tally } from './outcome.ts';
import { plan } from './plan.ts';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '2026' },
    only: { type: 'string', default: '' },
  },
});
const parts = (await plan()).filter(({ target }) => new RegExp(values.only).test(target.name));
const [frames, seed] = [Number(values.frames), Number(values.seed)];
const sockets = sum(parts.filter(({ grows }) => !grows));
const growing = sum(parts.filter(({ grows }) => grows));
/** How many times what it is in CI a part is; those over sockets five times at most, unless they are alone. */
const slow = Math.min(frames / (sockets + growing), growing === 0 ? Infinity : 5);
const quick = (frames - slow * sockets) / growing;
const all = new Tally();
for (const { target, frames, grows } of parts) {
  const wanted = Math.ceil(frames * (grows ? quick : slow));
  const began = performance.now();
  const { tally, grown } = await campaign(target, { frames: wanted, seed });
  const perSecond = Math.round((tally.total / (performance.now() - began)) * 1000);
  const rss = Math.round(process.memoryUsage.rss() / 2 ** 20);
  const held = `${(grown / 2 ** 20).toFixed(1)} MiB more held, RSS ${rss} MiB`;
  console.log(`${target.name}: ${tally.total} frames, ${perSecond}/s, ${held}`);
  print(tally);
  all.addAll(tally);
}
console.log(`in all: ${all.total} frames and handshakes, seed ${seed}`);
print(all);
// The relay of remote environments is a thread that waits for more.
process.exit();

function sum(parts: readonly { frames: number }[]): number {
  return parts.reduce((sum, { frames }) => sum + frames, 0);
}

function print({ counts }: Tally): void {
  for (const [outcome, times] of [...counts].sort(([, a], [, b]) => b - a)) {
    if (times > 0) console.log(`  ${outcome}: ${times}`);
  }
}
