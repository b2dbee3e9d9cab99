export { type Recording, RecordingError, readRecording } from './read.ts';
export { type RecordOptions, record } from './record.ts';
export type {
  RecordedDecision,
  RecordedEnd,
  RecordingHeader,
  RecordingLine,
} from './recording-format.ts';
