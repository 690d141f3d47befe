export type { FileReport, LoadReport } from './ledger.ts';
export { type LoadOptions, type LoadProgress, type LoadResult, load } from './load.ts';
export { type FoundSource, findSources, type Source, streamSource } from './sources.ts';
export type { Store, StoreDocument, StoreOutcome } from './store.ts';
