/** A recording of a run, as `/v1/recordings` lists it. */
export interface RecordingFile {
  file: string;
  bytes: number;
  /** When it was written, in ms since 1970. */
  writtenAt: number;
}
