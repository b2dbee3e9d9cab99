import { expect, it, vi } from 'vitest';
import { collapse } from '../../../src/agent/train/alarms.ts';
import { run } from '../../support/short-runs.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

vi.mock('../../../src/agent/train/alarms.ts', async (original) => ({
  ...(await original<typeof import('../../../src/agent/train/alarms.ts')>()),
  collapse: vi.fn(),
}));

it('an alarm is raised where it is found twice in a row, once while it lasts or comes and goes, and again where it has been over', async () => {
  const alarm = { alarm: 'collapsed-to-min', message: 'raise recipe.forcedShare' } as const;
  const none = undefined;
  const found = [alarm, alarm, none, none, alarm, none, none, none, alarm, alarm];
  vi.mocked(collapse).mockImplementation(() => found.shift());
  const config = tinyConfig({
    evaluation: { everyUpdates: 1, episodes: 4, forcedEpisodes: 2 },
    train: { totalSteps: 384 },
  });
  const { events } = await run(config);
  const alarms = events.flatMap((event) => (event.type === 'alarm' ? [event] : []));
  // The first update releases the head, which is no time to judge it.
  expect(alarms).toEqual([
    { type: 'alarm', update: 3, ...alarm },
    { type: 'alarm', update: 11, ...alarm },
  ]);
});
