/**
 * Pondera from code: train with progress shown and typed events (own early stopping), load the agent,
 * ask it for actions within a number of ponder steps or milliseconds, read its thought, and let it
 * decide a stream of observations.
 *
 *     npx tsx examples/library.ts
 *
 * Where the package is installed, copy it with custom-env.ts and run it in the same way.
 */
import { fileURLToPath } from 'node:url';
import { Agent, parseConfig, progress, type TrainEvent, train } from 'pondera';
import { concatMap, lastValueFrom, range, tap } from 'rxjs';
import env from './custom-env.ts';

interface Options {
  totalSteps?: number;
  runDir?: string;
  log?: (line: string) => void;
}

export async function main({
  totalSteps = 120_000,
  runDir = 'runs/library',
  log = console.log,
}: Options = {}): Promise<void> {
  // The environment is given below, so that its id is only what reports call it.
  const config = parseConfig({
    name: 'library',
    env: { id: 'post', options: { houses: 8, maxForwards: 3 } },
    halting: { maxSteps: 5 },
    price: { targetSteps: 2.5 },
    recipe: { releaseReturn: 0.9 },
    ppo: { gamma: 1 },
    evaluation: { everyUpdates: 10 },
    train: { totalSteps },
  });

  // What the command prints goes to standard error; every event has its type, and `event` narrows to it.
  const stop = new AbortController();
  const show = progress();
  const on = (event: TrainEvent) => {
    show(event);
    if (event.type !== 'evaluated') return;
    const { successRate, ponderSteps } = event.evaluation;
    // Good enough, thinking briefly: the update is finished, saved, and training ends.
    if (successRate! >= 0.95 && ponderSteps.mean <= 3) stop.abort();
  };
  const { envSteps, interrupted } = await train(config, {
    env,
    runDir,
    overwrite: true, // the run of the last time; `resume: true` would go on with it
    on,
    signal: stop.signal,
  });
  log(`${interrupted ? 'stopped early' : 'done'} after ${envSteps} steps`);

  const agent = await Agent.load(runDir, { env });
  const game = env(config.env.options);
  const { obs } = await game.reset({ seed: 1 });

  // One action and the thought behind it: step by step, would it stop here, and what would it do?
  const { action, thought } = await agent.act(obs);
  log(`the letter ends at house ${action}, it thinks; ponder steps ${thought.ponderSteps}:`);
  thought.actions.forEach((probabilities, i) => {
    const likeliest = probabilities.indexOf(Math.max(...probabilities));
    const chance = probabilities[likeliest].toFixed(2);
    log(`  step ${i + 1}: house ${likeliest} (${chance}), halt ${thought.halts[i].toFixed(2)}`);
  });

  // In a hurry, the latest finished step acts.
  const hurried = await agent.act(obs, { maxSteps: 1 });
  log(`after one step it would say ${hurried.action}`);
  const timed = await agent.act(obs, { deadlineMs: 2 });
  log(`within 2 ms it says ${timed.action}; ponder steps ${timed.thought.ponderSteps}`);

  // A stream of observations shares one batch; decisions come as their thoughts end.
  const letters = range(0, 5).pipe(concatMap(async () => (await game.reset()).obs));
  await lastValueFrom(
    agent.decide(letters).pipe(
      tap(({ index, action, thought }) => {
        log(`letter ${index}: house ${action}; ponder steps ${thought.ponderSteps}`);
      }),
    ),
  );
  agent.dispose();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
