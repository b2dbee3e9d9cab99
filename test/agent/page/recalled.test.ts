import { describe, expect, it } from 'vitest';
import { recalledAt, recalledText } from '../../../src/agent/page/app/recalled.ts';
import { RecordingReader } from '../../../src/agent/page/app/recording-reader.ts';

/** A recording of two episodes, whose decisions have these numbers of entries and of shares. */
function film(...episodes: { entry: number; shares: number }[][]): RecordingReader {
  const reader = new RecordingReader();
  reader.add('{"format":"pondera-recording","version":3}');
  for (const decisions of episodes) {
    decisions.forEach(({ entry, shares }, t) => {
      const memory = new Array(shares).fill(1 / shares);
      reader.add(JSON.stringify({ type: 'decision', t, entry, thought: { steps: [{ memory }] } }));
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

  it('is empty for a policy without a memory', () => {
    const reader = new RecordingReader();
    reader.add('{"format":"pondera-recording","version":2}');
    reader.add('{"type":"decision","t":0,"thought":{"steps":[{}]}}');
    expect(recalledAt(reader, 0)).toEqual([]);
  });
});
