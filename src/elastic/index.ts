export { type BulkDocument, type BulkOptions, type BulkOutcome, createDocuments } from './bulk.ts';
export { type ChooseOptions, chooseCluster, connectEmbedded, currentCluster } from './choose.ts';
export type { Cluster, ClusterKind, Method, RawRequest, RawResponse } from './cluster.ts';
export { type ConnectionOptions, connect, refusal } from './connection.ts';
export { removeEmbedded, runningEmbedded, startEmbedded, stopEmbedded } from './embedded/index.ts';
export { readTemplate, type SetupResult, setup } from './install.ts';
export { type Layout, settleLayout } from './layout.ts';
export { type DocumentAddress, getStored } from './stored.ts';
export { type Indices, openIndices, restoreStale, type Tune } from './tune.ts';
