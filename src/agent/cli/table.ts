import { bar } from '../common/bar.ts';
import { counted, decimal, whole } from '../common/numbers.ts';
import type { Evaluation } from '../events/events.ts';

/**
 * Rows under titles, two spaces apart. Columns are flush right but for those whose title begins
 * with `<`, which are flush left.
 */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const left = titles.map((title) => title.startsWith('<'));
  const head = titles.map((title, i) => (left[i] ? title.slice(1) : title));
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i].length)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => (left[i] ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** An evaluation as text: its totals, the environment's own numbers, ponder steps by difficulty, and success at forced depths. */
export function evaluationText(evaluation: Evaluation): string {
  const {
    ponderSteps: steps,
    successRate,
    nats,
    spearman,
    cut,
    lostEpisodes,
    binWidth,
    perEpisode,
    timing,
  } = evaluation;
  const spread = ({ mean, std }: { mean: number; std: number }) =>
    `${decimal(mean)} ± ${decimal(std)}`;
  const sections = [
    [
      `${evaluation.env}, ${counted(evaluation.episodes, 'episode')}`,
      `return        ${spread(evaluation.return)}`,
      `net return    ${spread(evaluation.netReturn)}`,
      `success       ${decimal(successRate)}`,
      ...(nats === undefined
        ? []
        : [`nats          ${decimal(nats)} (−ln of the demonstrated action’s probability)`]),
      `ponder steps  mean ${decimal(steps.mean, 2)}, p50 ${steps.p50}, p95 ${steps.p95}, max ${steps.max}`,
      ...(perEpisode ? [costText(perEpisode, timing)] : []),
      `spearman      ${decimal(spearman)} (ponder steps with difficulty)`,
      ...(cut.episodes > 0
        ? [
            `truncated     ${counted(cut.episodes, 'episode')} after ${whole(cut.after)} environment steps (evaluation.maxEpisodeSteps)`,
          ]
        : []),
      ...(lostEpisodes > 0
        ? [`lost          ${counted(lostEpisodes, 'episode')}, replaced by others`]
        : []),
    ].join('\n'),
  ];
  const own = Object.entries(evaluation.envMetrics ?? {});
  if (own.length > 0) {
    const rows = own.map(([name, value]) => [name, decimal(value)]);
    sections.push(table(["<the environment's own", 'mean'], rows));
  }
  if (evaluation.byDifficulty.length > 0) {
    const longest = Math.max(...evaluation.byDifficulty.map((row) => row.ponderSteps));
    sections.push(
      table(
        [
          binWidth ? `difficulty (bins of ${binWidth})` : 'difficulty',
          'decisions',
          'success',
          'ponder steps',
          '<',
        ],
        evaluation.byDifficulty.map((row) => [
          String(row.difficulty),
          whole(row.decisions),
          decimal(row.successRate),
          decimal(row.ponderSteps, 2),
          bar(row.ponderSteps, longest),
        ]),
      ),
    );
  }
  if (evaluation.forcedDepth.length > 0) {
    const anyCut = evaluation.forcedDepth.some((row) => row.cut > 0);
    const anyNats = evaluation.forcedDepth.some((row) => row.nats !== undefined);
    sections.push(
      table(
        [
          ...['forced to steps', 'return', 'success'],
          ...(anyNats ? ['nats'] : []),
          ...(anyCut ? ['truncated'] : []),
        ],
        evaluation.forcedDepth.map((row) => [
          String(row.ponderSteps),
          decimal(row.return),
          decimal(row.successRate),
          ...(anyNats ? [decimal(row.nats ?? null)] : []),
          ...(anyCut ? [whole(row.cut)] : []),
        ]),
      ),
    );
  }
  return sections.join('\n\n');
}

/** What an episode took, on a line. */
function costText(
  { decisions, thoughts, ponderSteps, flops }: NonNullable<Evaluation['perEpisode']>,
  timing: Evaluation['timing'],
): string {
  const parts = [
    `${decimal(decisions, 1)} decisions`,
    `${decimal(thoughts, 1)} thoughts`,
    `${decimal(ponderSteps, 1)} ponder steps`,
    `${decimal(flops / 1e6, 2)} MFLOP`,
    ...(timing ? [`${decimal(timing.millisecondsPerEpisode, 2)} ms`] : []),
  ];
  return `an episode    ${parts.join(', ')}`;
}
