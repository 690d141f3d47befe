import { hash } from 'node:crypto';
import { hostname } from 'node:os';
import { bulkBodyOf, type Cluster, createDocuments, ensureIndex } from '../elastic/index.ts';
import type { LoadResult } from '../load/index.ts';
import { type LoadCircumstances, type LoadProof, proofDocument, proofOf } from '../report/index.ts';
import { writeAtomically } from '../shared/atomic.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import { isObject } from '../shared/json.ts';
import { VERSION } from '../shared/version.ts';

/** One document for each load. */
const LOADS_INDEX = 'kaudit-loads';
const PATIENCE_MS = 30_000;

export interface LoadToProve extends Pick<LoadCircumstances, 'sources' | 'settings'> {
  readonly cluster: Cluster;
  readonly result: LoadResult;
  /** Exit code of the load. */
  readonly code: number;
  /** Where the report goes beside the index. */
  readonly file: string | undefined;
  readonly say: (line: string) => void;
}

/**
 * Keeps the proof of a load, in the index and in a file where one is named; gives the exit code. A load whose proof is
 * lost is not done, so then it fails, and running it again costs nothing. A code that tells of the events stands.
 */
export async function keepProof(load: LoadToProve): Promise<number> {
  const { cluster, result, code, file, say } = load;
  try {
    const proof = proofOf(result.report, await circumstancesOf(load));
    if (file !== undefined) await writeAtomically(file, `${JSON.stringify(proof, null, 2)}\n`);
    await storeProof(cluster, proof);
    return code;
  } catch (error) {
    if (!(error instanceof KauditError)) throw error;
    const message = `The events are stored, but not the report of this load: ${error.message}`;
    if (code === EXIT.done) throw new KauditError(error.code, message, { ...hintOf(error), cause: error });
    say(`kaudit: ${message}`);
    return code;
  }
}

function hintOf({ hint }: KauditError): { readonly hint?: string } {
  return hint === undefined ? {} : { hint };
}

const OUTCOMES: Readonly<Record<number, LoadProof['outcome']>> = {
  [EXIT.done]: 'complete',
  [EXIT.unbalanced]: 'unbalanced',
  [EXIT.interrupted]: 'interrupted',
};

async function circumstancesOf({ cluster, result, code, sources, settings }: LoadToProve): Promise<LoadCircumstances> {
  const { url, kind, version } = cluster;
  return {
    run: result.run,
    host: hostname(),
    started: result.started,
    finished: new Date().toISOString(),
    outcome: OUTCOMES[code] ?? 'partial',
    sources,
    settings,
    versions: { kaudit: VERSION, node: process.version, elasticsearch: version },
    elasticsearch: { url, kind, ...(await identityOf(cluster)) },
  };
}

/** What the cluster calls itself, as far as this user may know. The root page says it too, but not the embedded node's. */
async function identityOf(cluster: Cluster): Promise<{ readonly name?: string; readonly uuid?: string }> {
  const path = '/_cluster/state/version?filter_path=cluster_name,cluster_uuid';
  const { body } = await cluster.send({ method: 'GET', path });
  const { cluster_name: name, cluster_uuid: uuid } = isObject(body) ? body : {};
  return { ...(typeof name === 'string' && { name }), ...(typeof uuid === 'string' && { uuid }) };
}

/** The document's id is that of the run: sent again after a lost answer, it is there once. */
async function storeProof(cluster: Cluster, proof: LoadProof): Promise<void> {
  await ensureIndex(cluster, LOADS_INDEX, {});
  const id = hash('sha256', `${proof.host} ${proof.run}`).slice(0, 32);
  const json = JSON.stringify(proofDocument(proof));
  const body = bulkBodyOf(LOADS_INDEX, id, json);
  const [outcome] = await createDocuments(cluster, body, { patienceMs: PATIENCE_MS });
  if (outcome?.kind !== 'refused') return;
  throw new KauditError('server-refused', `${LOADS_INDEX} does not take the report of this load: ${outcome.reason}.`, {
    hint: 'Check the mapping of that index; --report FILE writes the report to a file.',
  });
}
