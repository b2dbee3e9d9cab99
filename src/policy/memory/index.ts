export { type EntryFeatures, entryFeatures } from './entry-features.ts';
export { EntryReader, type Keep } from './entry-reader.ts';
export { EntryTables } from './entry-tables.ts';
export { EpisodeHistory } from './episode-history.ts';
export type { MemoryEntry, Past } from './memory-entry.ts';
export { entriesNeeded, type MemorySizes } from './memory-sizes.ts';
export {
  firstMoment,
  nextMoment,
  type PackedEntries,
  type PackedPasts,
  packEntries,
  packPasts,
  pastOf,
} from './pack-pasts.ts';
