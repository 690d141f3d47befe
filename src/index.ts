/**
 * The library: what the commands are made of. An event is parsed (`parseEvent`), its facts derived (`factsOf`), its
 * document made (`documentOf`); `load` brings sources into a store, `runInvestigations` asks stored questions.
 */
export { type AuditDocument, type Candidate, type DocumentContext, documentOf } from './audit/document.ts';
export { type AuditEvent, parseEvent } from './audit/event.ts';
export { factsOf } from './audit/facts/index.ts';
export type { EventFacts, Facts } from './audit/facts/types.ts';
export { eventsAlias } from './audit/indices.ts';
export { mappedFields } from './commands/query-library.ts';
export { removeNamespace } from './commands/scratch.ts';
export { openStore, refreshEvents } from './commands/store.ts';
export { type Cluster, type ConnectionOptions, connect, setup } from './elastic/index.ts';
export {
  type FoundSource,
  findSources,
  type LoadOptions,
  type LoadReport,
  type LoadResult,
  load,
  type Store,
  streamSource,
} from './load/index.ts';
export {
  type Definition,
  type Library,
  type RunOptions,
  type RunResult,
  readLibrary,
  runInvestigations,
  SHIPPED,
} from './query/index.ts';
export { FORMATS, type Format, renderLoad, renderRun } from './report/index.ts';
export { type ErrorCode, EXIT, KauditError } from './shared/errors.ts';
export { type SimulateOptions, STORYLINES, simulate, type Truth } from './simulate/index.ts';
