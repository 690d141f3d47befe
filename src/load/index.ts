export { type Checkpoints, withCheckpoints } from './checkpoints.ts';
export type { FileReport, LoadReport } from './ledger.ts';
export { type LoadOptions, type LoadProgress, type LoadResult, load } from './load.ts';
export { parseShare, type Share, shareOf } from './share.ts';
export { FORMATS, type Format } from './sniff.ts';
export { type FoundSource, findSources, type Source, streamSource } from './sources.ts';
export type { BulkBody, Store, StoreOutcome } from './store.ts';
