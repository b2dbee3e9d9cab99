/** Flat numbers of an observation: bytes where every part of its space is a Box of uint8 and nothing normalizes it. */
export type Row = Float32Array | Uint8Array;
