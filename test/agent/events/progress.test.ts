import { describe, expect, it } from 'vitest';
import type { TrainEvent, UpdateMetrics } from '../../../src/agent/events/events.ts';
import {
  duration,
  Progress,
  progress,
  secondsLeft,
  statusText,
} from '../../../src/agent/events/progress.ts';
import { train } from '../../../src/agent/train/train.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

function metrics(update: number, overrides: Partial<UpdateMetrics> = {}): UpdateMetrics {
  return {
    update,
    envSteps: 100 * update,
    phase: 'released',
    return: 0.5,
    netReturn: 0.25,
    ponderSteps: { mean: 2.125, p50: 2, p95: 4, max: 6 },
    price: 0.0125,
    timing: { elapsed: 10 * update, decisionsPerSecond: 1234.4 },
    ...overrides,
  } as UpdateMetrics;
}

const nothingLost = { lostEpisodes: 0, envFailures: 0 };

const updated = (update: number): TrainEvent => ({
  type: 'updated',
  metrics: metrics(update),
  totalSteps: 1000,
});

function screen(options: { isTTY?: boolean; columns?: number; colors?: boolean } = {}) {
  const written: string[] = [];
  return {
    written,
    isTTY: options.isTTY,
    columns: options.columns,
    hasColors: () => options.colors === true,
    write: (text: string) => written.push(text),
  };
}

describe('statusText', () => {
  it('names every number', () => {
    expect(statusText(metrics(5), 1000, 50)).toBe(
      '50 %  1,234 decisions/s  return 0.50  net 0.25  ponder steps 2.13/2/4  ' +
        'price 0.0125  ETA 0:50',
    );
  });

  it('says warm-up while no price acts, and dashes where no episode ended', () => {
    const text = statusText(metrics(5, { phase: 'warmup', return: null, netReturn: null }), 1000);
    expect(text).toContain('return –  net –');
    expect(text).toContain('warm-up  ETA –');
    expect(text).not.toContain('price');
  });
});

describe('secondsLeft', () => {
  it('goes by the pace of the updates given, not of the whole run', () => {
    const slow = metrics(1, { timing: { elapsed: 500 } as UpdateMetrics['timing'] });
    const now = metrics(3, { timing: { elapsed: 520 } as UpdateMetrics['timing'] });
    expect(secondsLeft([slow, now], 1000)).toBe(70);
  });

  it('is unknown before the second update', () => {
    expect(secondsLeft([metrics(1)], 1000)).toBeUndefined();
  });
});

describe('duration', () => {
  it('shows hours only where there are some', () => {
    expect([0, 59.6, 61, 3600, 36_061].map(duration)).toEqual([
      '0:00',
      '1:00',
      '1:01',
      '1:00:00',
      '10:01:01',
    ]);
  });
});

describe('Progress', () => {
  it('redraws one line of a terminal, never wider than it', () => {
    const stream = screen({ isTTY: true, columns: 40 });
    const progress = new Progress(stream);
    progress.show(updated(1));
    progress.show(updated(2));
    expect(stream.written).toHaveLength(2);
    for (const text of stream.written) {
      expect(text.startsWith('\r\x1b[2K')).toBe(true);
      expect(text.slice('\r\x1b[2K'.length).length).toBeLessThan(40);
      expect(text).not.toContain('\n');
    }
  });

  it('keeps an event above the status, which it draws again', () => {
    const stream = screen({ isTTY: true });
    const progress = new Progress(stream);
    progress.show(updated(1));
    const [status] = stream.written.splice(0);
    progress.show({ type: 'released', update: 1, envSteps: 100, reason: 'plateau', price: 0.1 });
    expect(stream.written).toEqual([
      '\r\x1b[2K',
      'update 1: halting head released (plateau); a ponder step costs 0.1\n',
      status,
    ]);
  });

  it('writes plain lines elsewhere: the first, every tenth after it, and the last', () => {
    const stream = screen({ colors: true });
    const progress = new Progress(stream);
    for (let update = 1; update <= 10; update++) progress.show(updated(update));
    progress.show({ type: 'finished', envSteps: 1000, interrupted: false, ...nothingLost });
    expect(stream.written.map((text) => text.split('  ')[0])).toEqual(['update 1', 'update 10']);
    expect(stream.written.join('')).not.toContain('\x1b');
  });

  it('uses color only where the terminal allows it', () => {
    const alarm: TrainEvent = {
      type: 'alarm',
      update: 3,
      alarm: 'collapsed-to-min',
      message: 'all thoughts take one step',
    };
    const colored = screen({ isTTY: true, colors: true });
    new Progress(colored).show(alarm);
    expect(colored.written.join('')).toContain('\x1b[33mupdate 3: warning: all thoughts');
    const plain = screen({ isTTY: true, colors: false });
    new Progress(plain).show(alarm);
    expect(plain.written).toEqual(['update 3: warning: all thoughts take one step\n']);
  });
});

describe('progress', () => {
  it('shows what train tells, and what it came to', async () => {
    const stream = screen();
    const runDir = tempDir();
    const config = tinyConfig({ evaluation: { everyUpdates: 3 } });
    const result = await train(config, { runDir, on: progress(stream) });
    const text = stream.written.join('');
    const { envSteps: steps, evaluation } = result;
    const lines = [
      `[\\d,]+ parameters on [^,]*, WebAssembly[^,]*, 1 thread, files in ${runDir}\nobservation: .+\naction: \\d choices`,
      'update 1  \\d+ %  [\\d,]+ decisions/s  return ',
      'update 3: evaluation return [-\\d.]+, success [\\d.]+, ponder steps [\\d.]+ \\(best\\)',
      `done after ${steps} environment steps: return ${evaluation!.return.mean.toFixed(3)}, success `,
    ];
    for (const line of lines) expect(text).toMatch(new RegExp(`^${line}`, 'm'));
  });

  it('says where training was stopped', () => {
    const stream = screen({ isTTY: true });
    progress(stream)({ type: 'finished', envSteps: 1200, interrupted: true, ...nothingLost });
    expect(stream.written).toEqual(['stopped after 1,200 environment steps\n']);
  });

  it('says what was lost on the way', () => {
    const stream = screen();
    const lost = { lostEpisodes: 40, envFailures: 1 };
    progress(stream)({ type: 'finished', envSteps: 1200, interrupted: false, ...lost });
    expect(stream.written.join('')).toContain(
      'done after 1,200 environment steps; 40 episodes lost in training, recovered from 1 environment failure\n',
    );
  });
});
