/** Known-answer environments that between them have each kind of leaf space, and a Dict. */
export const KNOWN_IDS = [
  'KnownDiscrete-v0',
  'KnownMultiDiscrete-v0',
  'KnownMultiBinary-v0',
  'KnownBox-v0',
  'KnownDict-v0',
] as const;
