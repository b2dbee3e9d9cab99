export {
  RECORDING_VERSION,
  type RecordedDecision,
  type RecordedEnd,
  type RecordingHeader,
  type RecordingLine,
} from './format.ts';
export { type Recording, RecordingError, readRecording } from './read.ts';
export { type Recorded, type RecordOptions, record } from './record.ts';
