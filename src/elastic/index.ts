export { type BulkDocument, type BulkOutcome, createDocuments } from './bulk.ts';
export { type ChooseOptions, chooseCluster, connectEmbedded, currentCluster } from './choose.ts';
export type { Cluster, ClusterKind, Method, RawRequest, RawResponse } from './cluster.ts';
export { type ConnectionOptions, connect, refusal } from './connection.ts';
export { removeEmbedded, runningEmbedded, startEmbedded, stopEmbedded } from './embedded/index.ts';
export { ensureIndex, readTemplate, type SetupResult, setup } from './install.ts';
export type { RetryOptions } from './patience.ts';
export { type DocumentAddress, getStored, refresh } from './stored.ts';
