export type { FileReport, LoadReport } from './ledger.ts';
export { type LoadOptions, type LoadProgress, type LoadResult, load } from './load.ts';
export { type Piece, parseShare, type Range, type Share, shareOf } from './share.ts';
export { type FoundSource, findSources } from './sources.ts';
export type { Store, StoreDocument, StoreOutcome } from './store.ts';
