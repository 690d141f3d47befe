/** kaudit's index, changed in one way at a time. */
import { type IndexBody, kauditIndex } from './destinations.ts';

export interface Variant {
  readonly name: string;
  readonly body: IndexBody;
}

type Tree = { readonly [name: string]: unknown };

export function variants(): readonly Variant[] {
  const ours = kauditIndex();
  const leaf = (name: string, field: object): IndexBody => withField(ours, name.split('.'), field);
  const unindexed = (...names: readonly string[]): IndexBody =>
    names.reduce(
      (body, name) => withField(body, name.split('.'), { type: 'keyword', index: false, doc_values: false }),
      ours,
    );
  const times = (field: object): IndexBody =>
    withField(withField(ours, ['requestReceivedTimestamp'], field), ['stageTimestamp'], field);
  return [
    { name: 'ours', body: ours },
    {
      name: 'only @timestamp',
      body: withMapping(ours, { dynamic: false, properties: { '@timestamp': { type: 'date' } } }),
    },
    { name: 'event without facts', body: leaf('kaudit', { type: 'object', enabled: false }) },
    { name: 'requestURI: doc values only', body: leaf('requestURI', { type: 'keyword', index: false }) },
    { name: 'requestURI: neither', body: unindexed('requestURI') },
    { name: 'requestURI and kaudit.uri.path: neither', body: unindexed('requestURI', 'kaudit.uri.path') },
    { name: 'micros: date', body: times({ type: 'date' }) },
    { name: 'micros: doc values only', body: times({ type: 'date_nanos', index: false }) },
    { name: 'micros: neither', body: times({ type: 'date_nanos', index: false, doc_values: false }) },
    { name: 'auditID: no doc values', body: leaf('auditID', { type: 'keyword', doc_values: false }) },
    {
      name: 'kaudit.origin and ingested: neither',
      body: unindexed('kaudit.origin.file', 'kaudit.origin.format', 'kaudit.ingested'),
    },
    {
      name: 'uids, groups, apiVersion: neither',
      body: unindexed('user.uid', 'user.groups', 'objectRef.uid', 'objectRef.apiVersion'),
    },
    { name: 'annotations: flattened', body: leaf('annotations', { type: 'flattened', ignore_above: 8191 }) },
    {
      name: 'annotations and user.extra: flattened',
      body: withField(leaf('annotations', { type: 'flattened', ignore_above: 8191 }), ['user', 'extra'], {
        type: 'flattened',
        ignore_above: 8191,
      }),
    },
    { name: 'default codec', body: withSettings(ours, { codec: 'default' }) },
    { name: 'translog async', body: withSettings(ours, { translog: { durability: 'async' } }) },
    { name: 'refresh off', body: withSettings(ours, { refresh_interval: '-1' }) },
    { name: 'logsdb', body: withSettings(ours, { mode: 'logsdb' }) },
    { name: 'dynamic, default settings', body: { settings: { index: {} }, mappings: { properties: {} } } },
  ];
}

/** Names of the fields that are mapped, with their type; objects that are not parsed are none. */
export function leavesOf(properties: Tree, prefix = ''): readonly string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const below = isTree(field) ? field['properties'] : undefined;
    return isTree(below) ? leavesOf(below, `${prefix}${name}.`) : [`${prefix}${name}`];
  });
}

function withSettings(body: IndexBody, settings: object): IndexBody {
  return { ...body, settings: { index: { ...body.settings.index, ...settings } } };
}

function withMapping(body: IndexBody, mappings: IndexBody['mappings']): IndexBody {
  return { ...body, mappings };
}

function withField(body: IndexBody, path: readonly string[], field: object): IndexBody {
  return { ...body, mappings: { ...body.mappings, properties: put(body.mappings.properties, path, field) } };
}

function put(properties: Tree, [name = '', ...rest]: readonly string[], field: object): { [name: string]: object } {
  const known = properties[name];
  if (!isTree(known)) throw new TypeError(`The mapping has no field ${name}.`);
  const below = known['properties'];
  const changed = rest.length === 0 ? field : { ...known, properties: put(isTree(below) ? below : {}, rest, field) };
  return { ...(properties as { [name: string]: object }), [name]: changed };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
