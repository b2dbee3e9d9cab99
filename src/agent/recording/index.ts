export { type RecordOptions, record } from './record.ts';
export { recordGame } from './record-game.ts';
export { recordText } from './record-text.ts';
