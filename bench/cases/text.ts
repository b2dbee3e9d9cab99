import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { least, median, ratio } from '../measure.ts';
import { CHECKED, MOST_STEPS, STEPS, TOKENS, WINDOW, writeText } from '../text-reference.ts';

const ROUNDS = 4;
/** Characters of a gradient step, and whether the halting head is released. */
const STEPS_OF_TRAINING = [
  { batch: 512, released: false },
  { batch: 2048, released: false },
  { batch: 2048, released: true },
];
/** Generations side by side. */
const BATCH = 64;
const RAGGED = 'ragged';

type Part = Pick<Result<'text'>, 'rows' | 'notes'> & {
  figures: Partial<Result<'text'>['figures']>;
};

/** Training and generating a text by the reference language model, beside PyTorch. */
export async function text(): Promise<Result<'text'>> {
  const parts = [await training(), await generation(1), await generation(BATCH)];
  return {
    title: 'A language model',
    method:
      `The reference language model (\`latent\`, D 64, H 4, feed-forward 128; 85 characters, a memory of ${WINDOW}, a block before it). Training, two threads: an update of ` +
      `\`algorithm: likelihood\` from segments of ${WINDOW} characters, ${STEPS} ponder steps, the loss at each depth, before and after the release of the halting head: forward, backward, ` +
      `clipping, Adam; its rollouts are timed beside it. Generation: ${TOKENS} characters after one, the likeliest, by \`agent.generate\` and by the batches of a policy server, with keys and values kept; one thread for one text. ` +
      'PyTorch: the better of two ways to attend, and of one and two threads. Checked: all compute the same loss and gradient norm, the same loss four steps on, and generate the same ' +
      `characters with the same log-probabilities. Ragged: 1 to ${MOST_STEPS} ponder steps, drawn for each character.`,
    rows: parts.flatMap(({ rows }) => rows),
    figures: Object.assign({}, ...parts.map(({ figures }) => figures)),
    notes: [...new Set(parts.flatMap(({ notes }) => notes))],
  };
}

async function training(): Promise<Part> {
  const rows: Row[] = [];
  const notes = new Set<string>();
  const faster: (number | null)[] = [];
  for (const { batch, released } of STEPS_OF_TRAINING) {
    const options = { data: await writeText(), batch, threads: 2, ...(released && { released }) };
    const {
      ms,
      figures,
      notes: found,
    } = await compete(
      {
        ours: ours('text', options),
        'PyTorch, scaled_dot_product_attention': peer('torch_text', options),
        'PyTorch, two products and a softmax': peer('torch_text', { ...options, softmax: true }),
      },
      ROUNDS,
    );
    for (const note of found) notes.add(note);
    const { ours: own, ...peers } = ms;
    const best = least(Object.values(peers));
    faster.push(ratio(best, own));
    const rollout = figures.ours && median(figures.ours.rolloutMs);
    const what = `training, ${batch} a step, ${released ? 'after' : 'before'} the release`;
    rows.push(row(what, batch, own, best));
    rows.push(row(`${what}, with rollouts`, batch, own && rollout && own + rollout, best));
  }
  return { rows, figures: { 'text.training.vsTorch': least(faster) }, notes: [...notes] };
}

async function generation(batch: number): Promise<Part> {
  const alone = batch === 1;
  const data = await writeText();
  const depths = alone
    ? CHECKED.map(String)
    : [...Array.from({ length: MOST_STEPS }, (_, i) => String(i + 1)), RAGGED];
  const options = { data, batch, depths: depths.join(), threads: alone ? 1 : 2 };
  const torch = (threads: number) => peer('torch_generate', { data, batch, threads });
  const { figures, notes } = await compete(
    {
      'agent.generate': ours('generate', options),
      'a policy server’s batches': ours('generate', { ...options, server: true }),
      'PyTorch, 1 thread': torch(1),
      'PyTorch, 2 threads': torch(2),
    },
    ROUNDS,
  );
  const { 'agent.generate': own, 'a policy server’s batches': served, ...peers } = figures;
  const best = (depth: string) =>
    least(Object.values(peers).map((found) => found && median(found[depth])));
  const faster: (number | null)[] = [];
  const rows: Row[] = [];
  for (const [name, found] of Object.entries({
    'agent.generate': own,
    'a policy server': served,
  })) {
    for (const depth of [...CHECKED.map(String), ...(alone ? [] : [RAGGED])]) {
      const ms = found && median(found[depth]);
      const peer = depth === RAGGED ? null : best(depth);
      if (depth !== RAGGED) faster.push(ratio(peer, ms));
      const steps = depth === RAGGED ? RAGGED : `${depth} ponder step${depth === '1' ? '' : 's'}`;
      rows.push(row(`${name}, ${batch} at a time, ${steps}`, TOKENS * batch, ms, peer));
    }
  }
  if (alone) return { rows, notes, figures: { 'text.generation.b1.vsTorch': least(faster) } };
  const lines = [own, served].map((found) => found && offLine(found));
  const off = (of: 'fixed' | 'ragged') =>
    lines.some((line) => line === null) ? null : Math.max(...lines.map((line) => line![of]));
  return {
    rows,
    notes: [
      ...notes,
      ...lines.flatMap((line, i) =>
        line
          ? [`${i === 0 ? 'agent.generate' : 'A policy server'}, ${batch} at a time: ${line.said}`]
          : [],
      ),
    ],
    figures: {
      'text.generation.b64.vsTorch': least(faster),
      'text.offLine': off('fixed'),
      'text.raggedOffLine': off('ragged'),
    },
  };
}

/** How far what texts cost lies from a line over their ponder steps, as shares of what the line says. */
function offLine(found: Record<string, number[]>) {
  const depths = Array.from({ length: MOST_STEPS }, (_, i) => i + 1);
  const µs = (depth: string) => (1000 * median(found[depth])) / (TOKENS * BATCH);
  const costs = depths.map((depth) => µs(String(depth)));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const [middle, cost] = [mean(depths), mean(costs)];
  const slope =
    mean(depths.map((depth, i) => (depth - middle) * (costs[i] - cost))) /
    mean(depths.map((depth) => (depth - middle) ** 2));
  const line = (depth: number) => cost + slope * (depth - middle);
  const fixed = Math.max(...depths.map((depth, i) => Math.abs(costs[i] / line(depth) - 1)));
  const ragged = µs(RAGGED) / line(middle) - 1;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return {
    fixed,
    ragged,
    said:
      `${line(0).toFixed(1)} µs a character and ${slope.toFixed(2)} µs a ponder step; of ${depths[0]} to ${MOST_STEPS} steps, the cost lies up to ` +
      `${percent(fixed)} off this line, and with ragged depths ${percent(ragged)} above it`,
  };
}

function row(what: string, tokens: number, own: number | null, best: number | null): Row {
  const rate = (ms: number | null) => ms && (1000 * tokens) / ms;
  return {
    '': what,
    'ours, characters/s': rate(own),
    'PyTorch, characters/s': rate(best),
    'PyTorch’s time ÷ ours': ratio(best, own),
  };
}
