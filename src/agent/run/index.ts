export { AppendFile } from './append-file.ts';
export {
  cannotSync,
  errorCode,
  type FileSystem,
  writeDirAtomic,
  writeFileAtomic,
} from './atomic.ts';
export { CheckpointError } from './checkpoint-error.ts';
export type { Checkpoint } from './checkpoint-files.ts';
export { CheckpointStore, type Damaged } from './checkpoint-store.ts';
export { type HeldLock, LockLostError } from './held-lock.ts';
export { loadCheckpoint } from './load-checkpoint.ts';
export { MetricsLog, parseRecord, readMetrics } from './metrics-log.ts';
export { parseLine } from './parse-line.ts';
export { type Recording, RecordingError, readRecording } from './read-recording.ts';
export { recordedEnv } from './recorded-env.ts';
export type {
  RecordedDecision,
  RecordedEnd,
  RecordingHeader,
  RecordingLine,
} from './recording-format.ts';
export { type LockOptions, RunLockedError, takeLock } from './run-lock.ts';
export { decodeSafetensors, encodeSafetensors, type Tensors } from './safetensors.ts';
export { setRunAside } from './set-run-aside.ts';
export { TensorBoardWriter } from './tensorboard.ts';
export { unusedPath } from './unused-path.ts';
