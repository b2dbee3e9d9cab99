import { describe, expect, it } from 'vitest';
import { recalledAt, recalledText } from '../../../src/agent/page/app/recalled.ts';
import { RecordingReader } from '../../../src/agent/page/app/recording-reader.ts';

interface Decision {
  entry: number;
  shares: number;
  obs?: number;
  earlier?: number[];
}

const letters = { type: 'discrete', n: 3, start: 0, names: ['a', ' ', '\n'] };
const header = JSON.stringify({
  ...{ format: 'pondera-recording', version: 4, spaces: { observation: letters } },
});

/** A recording of episodes, whose decisions have these numbers of entries and of shares. */
function film(...episodes: Decision[][]): RecordingReader {
  const reader = new RecordingReader();
  reader.add(header);
  for (const decisions of episodes) {
    decisions.forEach(({ shares, ...decision }, t) => {
      const memory = new Array(shares).fill(1 / shares);
      const thought = { steps: [{ memory }] };
      reader.add(JSON.stringify({ type: 'decision', t, ...decision, thought }));
    });
    reader.add('{"type":"end"}');
  }
  return reader;
}

describe('recalledAt', () => {
  const first = [
    { entry: 0, shares: 1 },
    { entry: 1, shares: 2 },
  ];
  // Its first decision has a prompt of two observations, its third one of one; the window has four entries.
  const second = [
    { entry: 2, shares: 3 },
    { entry: 3, shares: 4 },
    { entry: 5, shares: 4 },
  ];
  const recording = film(first, second);
  const texts = (place: number) => recalledAt(recording, place).map(recalledText);

  it('names the decision of each entry, within its episode', () => {
    expect(texts(1)).toEqual(['decision 1, 1 back', 'this decision']);
  });

  it('tells apart the observations of one decision', () => {
    expect(texts(2)).toEqual([
      'this decision, observation 1 of 3',
      'this decision, observation 2 of 3',
      'this decision, observation 3 of 3',
    ]);
    expect(texts(4)).toEqual([
      'decision 3, 2 back, observation 3 of 3',
      'decision 4, 1 back',
      'this decision, observation 1 of 2',
      'this decision, observation 2 of 2',
    ]);
  });

  it('gives the observations of entries, and the names of tokens', () => {
    const reader = film([
      { entry: 2, shares: 3, earlier: [0, 1], obs: 2 },
      // Of one that is too large, nothing is recorded.
      { entry: 4, shares: 4, obs: 0 },
    ]);
    const found = recalledAt(reader, 1);
    expect(found.map(({ obs }) => obs)).toEqual([1, 2, undefined, 0]);
    expect(found.map(recalledText)).toEqual([
      '␣ of decision 1, 1 back, observation 2 of 3',
      '⏎ of decision 1, 1 back, observation 3 of 3',
      'this decision, observation 1 of 2',
      'a of this decision, observation 2 of 2',
    ]);
  });

  it('is empty for a policy without a memory', () => {
    const reader = new RecordingReader();
    reader.add(header);
    reader.add('{"type":"decision","t":0,"thought":{"steps":[{}]}}');
    expect(recalledAt(reader, 0)).toEqual([]);
  });
});
