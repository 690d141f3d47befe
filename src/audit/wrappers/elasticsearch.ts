/** What comes out of Elasticsearch again, and what shippers add beside the event's own members. */
import { isUtf8 } from 'node:buffer';
import { at, isObject, type JsonObject } from '../../shared/json.ts';
import { withDottedAnnotations } from './annotations.ts';
import { elementsAt, type Part, textAt, withoutMembers } from './parts.ts';
import { addedOf, type Inside, type Wrapper, type Wrapping } from './wrapping.ts';

const search: Wrapper = (value, text) => {
  const hits = at(value, 'hits', 'hits');
  if (!Array.isArray(hits)) return undefined;
  return { format: 'elasticsearch', inside: elementsAt(text, hits, ['hits', 'hits']).map(hitOf) };
};

/** One hit a line, as elasticdump writes them. */
const hit: Wrapper = (value, text) =>
  isObject(value['_source']) && typeof value['_index'] === 'string'
    ? { format: 'elasticsearch', inside: [hitOf({ text, value, offset: 0 })] }
    : undefined;

function hitOf({ text, value, offset }: Part): Inside {
  const source = at(value, '_source');
  const part = isObject(source) ? textAt(text, ['_source']) : undefined;
  if (part === undefined) return { kind: 'unparseable', reason: 'no _source in a hit of Elasticsearch', text };
  return { kind: 'value', text: part.text, value: source, offset: offset + part.offset, added: {} };
}

export const ELASTICSEARCH: readonly Wrapper[] = [search, hit];

/** What shippers write beside the members of an event that they parse. None is a member of audit.k8s.io. */
const SHIPPERS_OWN = new Set([
  '@timestamp',
  '@version',
  'agent',
  'data_stream',
  'ecs',
  'event',
  'file',
  'host',
  'hostname',
  'input',
  'k8s_audit_level',
  'kubernetes',
  'log',
  'log_source',
  'log_type',
  'message',
  'openshift',
  'openshift_audit_level',
  'source_type',
  'tag',
  'tags',
  'viaq_index_name',
  'viaq_msg_id',
]);
const OURS = new Set(['@timestamp', 'data_stream', 'kaudit']);

/** An event with more beside it: undefined for an event as the API server writes it, which three look-ups tell. */
export function extendedEvent(value: JsonObject, text: string): Wrapping | undefined {
  const isExtended =
    value['@timestamp'] !== undefined || value['log_type'] !== undefined || value['source_type'] !== undefined;
  if (!isExtended) return undefined;
  const facts = value['kaudit'];
  if (isObject(facts) && typeof facts['hash'] === 'string') return ownDocument(facts, text);
  const added = addedOf({
    cluster: at(value, 'openshift', 'cluster_id') ?? at(value, 'orchestrator', 'cluster', 'name'),
    node: value['hostname'] ?? at(value, 'host', 'name') ?? value['host'],
    received: value['@timestamp'],
  });
  const isOwn = (key: string): boolean =>
    SHIPPERS_OWN.has(key) || (key === 'timestamp' && value['stageTimestamp'] !== undefined);
  const event = withoutMembers(text, isOwn);
  const restored = withDottedAnnotations(event);
  const all = restored === undefined ? added : { ...added, inferred: ['annotations'] };
  const format = value['log_type'] === undefined ? 'extended' : 'openshift-logging';
  return { format, inside: [{ kind: 'text', text: restored ?? event, added: all }] };
}

/** A document of kaudit's own: the event in it, or the raw event of one that was degraded. */
function ownDocument(facts: JsonObject, text: string): Wrapping {
  const { raw } = facts;
  const added = addedOf({
    cluster: facts['cluster'],
    log_group: at(facts, 'origin', 'log_group'),
    log_stream: at(facts, 'origin', 'log_stream'),
    node: at(facts, 'origin', 'node'),
    pod: at(facts, 'origin', 'pod'),
    received: at(facts, 'origin', 'received'),
  });
  if (typeof raw !== 'string') {
    return { format: 'kaudit', inside: [{ kind: 'text', text: withoutMembers(text, (key) => OURS.has(key)), added }] };
  }
  if (!raw.startsWith('base64:')) return { format: 'kaudit', inside: [{ kind: 'text', text: raw, added }] };
  const bytes = Buffer.from(raw.slice('base64:'.length), 'base64');
  const inside: Inside = { kind: 'text', text: bytes.toString('utf8'), added };
  return { format: 'kaudit', inside: [isUtf8(bytes) ? inside : { ...inside, invalidBytes: bytes }] };
}
