import type { Dial } from '../../policy/index.ts';

/** Within this share of the target, a setting is close enough. */
const CLOSE = 0.02;
const MOST_TRIALS = 10;

/**
 * Finds the setting of a dial at which `target` mean ponder steps are taken, by bisection between its bounds.
 *
 * @param meanSteps measures the mean at one setting
 * @returns the setting that came closest, within 2 % or after 10 measurements
 */
export async function matchSteps(
  dial: Dial,
  meanSteps: (setting: number) => Promise<number>,
  target: number,
): Promise<number> {
  const scale = scales[dial.scale];
  let [low, high] = [scale.place(dial.low), scale.place(dial.high)];
  let best = { setting: dial.low, distance: Infinity };
  const tried = new Set<number>();
  while (tried.size < MOST_TRIALS && best.distance > CLOSE * target) {
    const setting = scale.setting((low + high) / 2);
    // Between whole numbers there is nothing more to try.
    if (tried.has(setting)) break;
    tried.add(setting);
    const steps = await meanSteps(setting);
    const distance = Math.abs(steps - target);
    if (distance < best.distance) best = { setting, distance };
    if (steps > target === dial.rises) high = scale.place(setting);
    else low = scale.place(setting);
  }
  return best.setting;
}

const linear = { place: (setting: number) => setting, setting: (place: number) => place };
const log = { place: Math.log, setting: Math.exp };
const scales: Record<Dial['scale'], typeof linear> = {
  ...{ linear, log },
  // Most that matter are small.
  integer: {
    place: (setting) => Math.log(setting),
    setting: (place) => Math.round(Math.exp(place)),
  },
};
