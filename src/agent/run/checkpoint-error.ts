/** Says that a checkpoint is missing, damaged or from a newer version; the message names the file. */
export class CheckpointError extends Error {
  override name = 'CheckpointError';
}

/** A checkpoint is whole, but a newer version wrote it and this one cannot read it. */
export class CheckpointTooNewError extends CheckpointError {}
