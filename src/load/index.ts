export type { FileReport, LoadReport } from './ledger.ts';
export { type LoadOptions, type LoadProgress, type LoadResult, load } from './load.ts';
export { FORMATS, type Format } from './sniff.ts';
export { type FoundSource, findSources } from './sources.ts';
export type { BulkBody, Store, StoreOutcome } from './store.ts';
