import { palette } from '../common/palette.ts';
import type { Drawing, Shape } from '../contract/env.ts';

/** What a card game shows: the cards by the names of their holders, then lines of text. */
export function drawCards(cards: readonly [string, string][], lines: readonly string[]): Drawing {
  const shapes = cards.flatMap(([holder, card], i): Shape[] => {
    const x = 12 + 96 * i;
    return [
      { type: 'text', x, y: 24, text: holder, fill: palette.ink },
      { type: 'rect', x, y: 32, width: 44, height: 60, fill: palette.pale },
      { type: 'text', x: x + 14, y: 72, text: card, size: 24, fill: palette.ink },
    ];
  });
  const texts = lines.map((text, i): Shape => {
    return { type: 'text', x: 12, y: 116 + 20 * i, text, fill: palette.ink };
  });
  return {
    width: 12 + 96 * cards.length,
    height: 110 + 20 * lines.length,
    shapes: [...shapes, ...texts],
  };
}

/** What each player of a card game has put in [2], in words. */
export function inThePot([first, second]: readonly number[]): string {
  return `in the pot: ${first} of who began, ${second} of the other`;
}
