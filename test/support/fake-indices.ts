/** Templates, indices, their settings and aliases, as far as a load asks for them: what the fake server has beside documents. */
import { randomUUID } from 'node:crypto';
import { isObject, type JsonObject } from '../../src/shared/json.ts';
import { type Answer, failure } from './fake-store.ts';

export interface FakeIndices {
  readonly names: () => readonly string[];
  /** Documents of an index by id; undefined where there is no such index. */
  readonly documents: (index: string) => Map<string, JsonObject> | undefined;
  readonly create: (index: string) => Map<string, JsonObject>;
  readonly deleteAll: () => void;
  /** Undefined for a request that no load makes. */
  readonly answer: (method: string, path: string, body: Buffer) => Answer | undefined;
}

interface FakeIndex {
  readonly documents: Map<string, JsonObject>;
  readonly settings: Map<string, string>;
  readonly aliases: Set<string>;
  meta: JsonObject;
}

export function openFakeIndices(): FakeIndices {
  const templates = new Map<string, unknown>();
  const indices = new Map<string, FakeIndex>();

  const create = (name: string, body: JsonObject = {}): FakeIndex => {
    const known = indices.get(name);
    if (known !== undefined) return known;
    const { mappings, aliases, settings } = body;
    const index: FakeIndex = {
      documents: new Map(),
      settings: new Map([['index.uuid', randomUUID()]]),
      aliases: new Set(isObject(aliases) ? Object.keys(aliases) : []),
      meta: isObject(mappings) && isObject(mappings['_meta']) ? mappings['_meta'] : {},
    };
    set(index, settings);
    indices.set(name, index);
    return index;
  };
  const set = (index: FakeIndex, settings: unknown): void => {
    for (const [key, value] of Object.entries(isObject(settings) ? settings : {})) {
      const name = key.startsWith('index.') ? key : `index.${key}`;
      if (value === null) index.settings.delete(name);
      else index.settings.set(name, String(value));
    }
  };
  const matching = (patterns: string): readonly (readonly [string, FakeIndex])[] =>
    [...indices].filter(([name]) =>
      patterns
        .split(',')
        .some((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name)),
    );
  const each = (patterns: string, show: (index: FakeIndex) => object): Answer => {
    const found = matching(patterns);
    if (found.length === 0 && !patterns.includes('*')) return failure(404, 'index_not_found_exception');
    return [200, Object.fromEntries(found.map(([name, index]) => [name, show(index)]))];
  };
  const template = (method: string, name: string, body: JsonObject): Answer => {
    if (method === 'PUT') {
      templates.set(name, body);
      return [200, { acknowledged: true }];
    }
    const installed = templates.get(name);
    if (installed === undefined) return failure(404, 'resource_not_found_exception');
    return [200, { index_templates: [{ name, index_template: installed }] }];
  };
  const changeAliases = ({ actions }: JsonObject): Answer => {
    for (const action of Array.isArray(actions) ? actions : []) {
      const { add, remove } = action as Readonly<Record<string, { index: string; alias: string } | undefined>>;
      if (add !== undefined) indices.get(add.index)?.aliases.add(add.alias);
      if (remove !== undefined) indices.get(remove.index)?.aliases.delete(remove.alias);
    }
    return [200, { acknowledged: true }];
  };

  return {
    names: () => [...indices.keys()],
    documents: (index) => indices.get(index)?.documents,
    create: (index) => create(index).documents,
    deleteAll: () => indices.clear(),
    answer: (method, path, bytes) => {
      const [first = '', second = ''] = path.split('/');
      const body = bytes.length === 0 ? {} : (JSON.parse(bytes.toString()) as JsonObject);
      if (first === '_index_template') return template(method, second, body);
      if (first === '_aliases') return changeAliases(body);
      if (first === '_cluster') return [200, { cluster_name: 'fake', cluster_uuid: 'fake' }];
      switch (`${method} ${second}`) {
        case 'HEAD ':
          return indices.has(first) ? [200, {}] : failure(404, 'index_not_found_exception');
        case 'PUT ':
          if (indices.has(first)) return failure(400, 'resource_already_exists_exception');
          create(first, body);
          return [200, { acknowledged: true, index: first }];
        case 'GET _mapping':
          return each(first, ({ meta }) => ({ mappings: { _meta: meta } }));
        case 'PUT _mapping':
          if (isObject(body['_meta'])) for (const [, index] of matching(first)) index.meta = body['_meta'];
          return [200, { acknowledged: true }];
        case 'GET _settings':
          return each(first, ({ settings }) => ({ settings: Object.fromEntries(settings) }));
        case 'PUT _settings':
          for (const [, index] of matching(first)) set(index, body['index']);
          return [200, { acknowledged: true }];
        case 'GET _alias':
          return each(first, ({ aliases }) => ({
            aliases: Object.fromEntries([...aliases].map((name) => [name, {}])),
          }));
        default:
          return undefined;
      }
    },
  };
}
