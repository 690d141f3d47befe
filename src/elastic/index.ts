export { type BulkDocument, type BulkOptions, type BulkOutcome, createDocuments } from './bulk.ts';
export type { Cluster, ClusterKind, Method, RawRequest, RawResponse } from './cluster.ts';
export { type ConnectionOptions, connect, refusal } from './connection.ts';
export {
  ensureIndex,
  eventsAlias,
  eventsIndex,
  readTemplate,
  requireNamespace,
  setup,
  variantsIndex,
} from './install.ts';
export { type DocumentAddress, getStored } from './stored.ts';
