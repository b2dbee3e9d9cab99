export { type Recording, RecordingError, readRecording } from './read.ts';
export { type Recorded, type RecordOptions, record } from './record.ts';
export {
  RECORDING_VERSION,
  type RecordedDecision,
  type RecordedEnd,
  type RecordingHeader,
  type RecordingLine,
} from './recording-format.ts';
