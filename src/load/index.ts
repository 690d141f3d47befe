export { type Coverage, DEFAULT_GAP_SECONDS, type Gap } from './coverage.ts';
export type { FileReport, LoadReport, ReasonCount } from './ledger.ts';
export { type LoadOptions, type LoadProgress, type LoadResult, load } from './load.ts';
export { listQuarantine } from './quarantine-file.ts';
export { type RemainingCount, type ReplayedFile, replayFile } from './replay.ts';
export type { MissingRotation } from './rotation.ts';
export { type FoundSource, findSources } from './sources.ts';
export type { Store, StoreDocument, StoreOutcome } from './store.ts';
export { openTally, type Tallied, type Tally } from './tally.ts';
