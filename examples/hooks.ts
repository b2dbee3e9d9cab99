/**
 * Parts of one's own in a run, named in its config (hooks.yaml): a log, a curriculum, early stopping.
 * They are told everything that happens as a stream of typed events.
 *
 *     npm run pondera -- train examples/hooks.yaml
 *
 * Where the package is installed, copy the files and run `npx pondera …`. From code: `train(config, { hooks: [hook] })`.
 */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from 'pondera';
import { concatMap, filter, merge, type Observable, tap } from 'rxjs';

interface Options {
  /** Mean return at which letters may be forwarded once more. */
  mastered?: number;
  /** Success of an evaluation at which training ends. */
  enough?: number;
}

/** The default export is called as training begins; what it returns is subscribed to while it lasts. */
export default function hooks(run: Run, { mastered = 0.9, enough = 0.95 }: Options = {}) {
  return merge(log(run), curriculum(run, mastered), earlyStopping(run, enough));
}

/** Each update, when it happens: training does not wait for the disk, and ends when all is written. */
function log({ events$, dir }: Run): Observable<unknown> {
  return events$.pipe(
    filter((event) => event.type === 'updated'),
    concatMap(({ metrics: { update, netReturn } }) =>
      appendFile(join(dir, 'net-return.csv'), `${update},${netReturn}\n`),
    ),
  );
}

/**
 * One forwarding more each time that letters are mastered. What it sets and what it remembers are saved with
 * the run, so that a resumed one is the same.
 */
function curriculum(run: Run, mastered: number): Observable<unknown> {
  run.memory ??= { smooth: 0, maxForwards: 0 };
  run.resetOptions ??= { maxForwards: 0 };
  return run.events$.pipe(
    filter((event) => event.type === 'updated'),
    tap(({ metrics }) => {
      let { smooth, maxForwards } = run.memory as { smooth: number; maxForwards: number };
      smooth += 0.2 * ((metrics.return ?? smooth) - smooth);
      if (smooth >= mastered && maxForwards < 3) {
        maxForwards++;
        smooth = 0;
      }
      run.memory = { smooth, maxForwards };
      run.resetOptions = { maxForwards };
    }),
  );
}

/** Evaluations are of the whole task, whatever the curriculum has come to. */
function earlyStopping(run: Run, enough: number): Observable<unknown> {
  return run.events$.pipe(
    filter((event) => event.type === 'evaluated'),
    filter(({ evaluation }) => evaluation.successRate! >= enough),
    tap(({ evaluation }) => run.stop(`success ${evaluation.successRate}`)),
  );
}
