import { isObject, type JsonObject } from '../../src/shared/json.ts';
import { openFakeIndices } from './fake-indices.ts';

export interface FakeDocument {
  readonly index: string;
  readonly id: string;
  readonly source: JsonObject;
}

/** The fate of one document of a bulk request, in the place of its being created. */
export interface ItemFault {
  readonly status: number;
  readonly type: string;
  /** Created all the same, as by a shard whose answer was lost. */
  readonly stored?: boolean;
}

export type Answer = readonly [status: number, body: JsonObject];
/** What happens to single documents of a bulk request. */
export type DocumentsFault =
  /** Single documents fail. */
  | { readonly kind: 'items'; readonly of: (document: FakeDocument, at: number) => ItemFault | undefined }
  /** A pipeline or mapping sends documents to the failure store: status 201, and no document where it was wanted. */
  | { readonly kind: 'failure-store'; readonly of: (document: FakeDocument) => boolean };

interface Action {
  readonly _index: string;
  readonly _id: string;
  readonly require_alias?: boolean;
}

export interface FakeStore {
  readonly answer: (method: string, url: URL, body: Buffer) => Answer;
  readonly bulk: (body: Buffer, fault?: DocumentsFault) => Answer;
  readonly documents: (prefix: string) => readonly FakeDocument[];
  readonly put: (document: FakeDocument) => void;
  readonly deleteIndices: () => void;
}

/** Whether a document cannot be read for the moment. */
export type Unreadable = (document: Pick<FakeDocument, 'index' | 'id'>) => boolean;

/** The indices of a fake server, and what it answers when all is well. */
export function openStore(unreadable: Unreadable): FakeStore {
  const indices = openFakeIndices();

  const answer = (method: string, url: URL, body: Buffer): Answer => {
    const path = url.pathname.slice(1);
    if (path === '') return [200, { cluster_name: 'fake', version: { number: '9.5.3' } }];
    if (path === '_mget') return [200, { docs: readMget(body).map(find) }];
    if (path.endsWith('/_refresh')) return [200, { _shards: { failed: 0 } }];
    return indices.answer(method, path, body) ?? failure(405, 'method_not_allowed');
  };

  const find = ({ index, id }: { index: string; id: string }): JsonObject => {
    if (unreadable({ index, id })) {
      return { _index: index, _id: id, error: { type: 'no_shard_available_action_exception' } };
    }
    const source = indices.documents(index)?.get(id);
    return { _index: index, _id: id, found: source !== undefined, ...(source && { _source: source }) };
  };

  const bulk = (body: Buffer, fault?: DocumentsFault): Answer => {
    const text = body.toString();
    // The real server's words.
    if (!text.endsWith('\n')) return failure(400, 'illegal_argument_exception');
    const lines = text.slice(0, -1).split('\n');
    const items: JsonObject[] = [];
    for (let at = 0; at < lines.length; at += 2) {
      const action = JSON.parse(lines[at] ?? '').create as Action;
      items.push({ create: { ...action, _version: 1, ...create(action, lines[at + 1] ?? '', items.length, fault) } });
    }
    return [
      200,
      { took: 1, errors: items.some((item) => isObject(item['create']) && 'error' in item['create']), items },
    ];
  };

  const create = (
    { _index: index, _id: id, require_alias: requireAlias }: Action,
    json: string,
    at: number,
    fault: DocumentsFault | undefined,
  ): JsonObject => {
    const source: unknown = JSON.parse(json);
    if (!isObject(source)) return itemFailure(400, 'document_parsing_exception');
    const document = { index, id, source };
    const spoilt = fault?.kind === 'items' ? fault.of(document, at) : undefined;
    if (spoilt !== undefined && !spoilt.stored) return itemFailure(spoilt.status, spoilt.type);
    if (fault?.kind === 'failure-store' && fault.of(document)) {
      return { _index: `.fs-${index}-000001`, status: 201, result: 'created', failure_store: 'used' };
    }
    const documents = indices.documents(index);
    if (documents === undefined || requireAlias) return itemFailure(404, 'index_not_found_exception');
    if (documents.has(id)) return itemFailure(409, 'version_conflict_engine_exception');
    documents.set(id, source);
    return spoilt === undefined ? { status: 201, result: 'created' } : itemFailure(spoilt.status, spoilt.type);
  };

  return {
    answer,
    bulk,
    documents: (prefix) =>
      indices
        .names()
        .filter((name) => name.startsWith(prefix))
        .flatMap((index) => [...(indices.documents(index) ?? [])].map(([id, source]) => ({ index, id, source }))),
    put: ({ index, id, source }) => void indices.create(index).set(id, source),
    deleteIndices: () => indices.deleteAll(),
  };
}

function readMget(body: Buffer): readonly { index: string; id: string }[] {
  const { docs } = JSON.parse(body.toString()) as { docs: readonly { _index: string; _id: string }[] };
  return docs.map(({ _index, _id }) => ({ index: _index, id: _id }));
}

export function failure(status: number, type: string): Answer {
  return [status, { error: { type, reason: `fake: ${type}` }, status }];
}

function itemFailure(status: number, type: string): JsonObject {
  return { status, error: { type, reason: `fake: ${type}` } };
}
