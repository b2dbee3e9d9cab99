export { type RecordOptions, record } from './record.ts';
export { recordText } from './record-text.ts';
