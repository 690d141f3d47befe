/** Log shippers: most put the line into one string of an object, under a name of their own. */
import { isUtf8 } from 'node:buffer';
import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import { withDottedAnnotations } from './annotations.ts';
import { elementsAt, type Part, textAt } from './parts.ts';
import { type Added, addedOf, type Inside, type Wrapper, type Wrapping } from './wrapping.ts';

const hostOf = (value: JsonObject): unknown =>
  at(value, 'host', 'name') ?? at(value, 'kubernetes', 'host') ?? value['host'] ?? value['hostname'];

function addedBy(value: JsonObject): Added {
  return addedOf({
    node: hostOf(value),
    pod: at(value, 'kubernetes', 'pod_name') ?? at(value, 'kubernetes', 'pod', 'name'),
    cluster: at(value, 'orchestrator', 'cluster', 'name'),
    received: value['@timestamp'] ?? value['time'] ?? value['timestamp'],
  });
}

function line(format: string, value: JsonObject, text: string): Wrapping {
  return { format, inside: [{ kind: 'text', text, added: addedBy(value) }] };
}

/** Filebeat and Elastic Agent: the line as it was, wherever it is kept. */
const beats: Wrapper = (value) => {
  if (value['@timestamp'] === undefined) return undefined;
  const original = at(value, 'event', 'original') ?? value['event.original'];
  if (typeof original === 'string') return line('filebeat', value, original);
  const isBeat =
    isObject(value['agent']) || isObject(value['log']) || isObject(value['ecs']) || isObject(value['input']);
  return isBeat && typeof value['message'] === 'string' ? line('filebeat', value, value['message']) : undefined;
};

/** Elastic's integration parses the event and keeps the result only. */
const integration: Wrapper = (value, text) => {
  const path = ['kubernetes', 'audit'];
  const parsed = at(value, ...path);
  const part = isObject(parsed) && typeof parsed['auditID'] === 'string' ? textAt(text, path) : undefined;
  if (part === undefined) return undefined;
  const restored = withDottedAnnotations(part.text);
  const added = restored === undefined ? addedBy(value) : { ...addedBy(value), inferred: ['annotations'] };
  return { format: 'elastic-integration', inside: [{ kind: 'text', text: restored ?? part.text, added }] };
};

const vector: Wrapper = (value) =>
  typeof value['source_type'] === 'string' && typeof value['message'] === 'string'
    ? line('vector', value, value['message'])
    : undefined;

/** journald, by `journalctl -o json` or a shipper: text, or bytes as numbers where it is no clean UTF-8. */
const journald: Wrapper = (value, text) => {
  const { MESSAGE: message } = value;
  const added = addedOf({ node: value['_HOSTNAME'], received: value['__REALTIME_TIMESTAMP'] });
  if (typeof message === 'string') return { format: 'journald', inside: [{ kind: 'text', text: message, added }] };
  if (message === null) {
    const reason = 'journalctl left the message out: too large';
    return { format: 'journald', inside: [{ kind: 'unparseable', reason, text }] };
  }
  if (!Array.isArray(message) || !message.every(isByte)) return undefined;
  const bytes = Buffer.from(message);
  const inside: Inside = { kind: 'text', text: bytes.toString('utf8'), added };
  return { format: 'journald', inside: [isUtf8(bytes) ? inside : { ...inside, invalidBytes: bytes }] };
};

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;
}

/** `logcli --output=jsonl`. */
const logcli: Wrapper = (value) => {
  const { labels } = value;
  if (typeof value['line'] !== 'string' || !isObject(labels)) return undefined;
  const added = addedByLabels(labels, value['timestamp']);
  return { format: 'logcli', inside: [{ kind: 'text', text: value['line'], added }] };
};

/** Loki's API: what is pushed to it, and what it answers. */
const loki: Wrapper = (value, text) => {
  const path = Array.isArray(value['streams']) ? ['streams'] : ['data', 'result'];
  const streams = at(value, ...path);
  if (!Array.isArray(streams) || !streams.every(isStream)) return undefined;
  const inside = elementsAt(text, streams, path).flatMap((part) => {
    const { stream, values }: JsonObject = isObject(part.value) ? part.value : {};
    if (!Array.isArray(values)) return [];
    const labels = isObject(stream) ? stream : {};
    return values.map((entry: unknown, index) => entryOf(entry, { ...part, offset: part.offset + index }, labels));
  });
  return { format: 'loki', inside };
};

function isStream(value: unknown): boolean {
  return isObject(value) && isObject(value['stream']) && Array.isArray(value['values']);
}

/** `["<nanoseconds>", "<line>"]`; offsets need only tell entries apart. */
function entryOf(entry: unknown, { text, offset }: Part, labels: JsonObject): Inside {
  const [time, line]: readonly unknown[] = Array.isArray(entry) ? entry : [];
  if (typeof line !== 'string') return { kind: 'unparseable', reason: 'no line in an entry of Loki', text };
  return { kind: 'text', text: line, offset, added: addedByLabels(labels, time) };
}

function addedByLabels(labels: JsonObject, received: unknown): Added {
  return addedOf({
    cluster: labels['cluster'],
    node: labels['node'] ?? labels['node_name'] ?? labels['host'] ?? labels['hostname'],
    pod: labels['pod'],
    received,
  });
}

/** Fluentd, Fluent Bit, and whoever else puts a line under one of the usual names. */
const usualNames: Wrapper = (value) => {
  for (const name of ['log', 'message', '@message', 'body']) {
    const text = stringOf(value[name]);
    if (text !== undefined) return line(name === 'log' ? 'fluent' : 'message', value, text);
  }
  return undefined;
};

/** The usual names with an object instead of a string: a shipper that parsed the line. */
const parsedLine: Wrapper = (value, text) => {
  for (const name of ['log', 'message', 'body']) {
    const parsed = value[name];
    const part = isObject(parsed) && typeof parsed['auditID'] === 'string' ? textAt(text, [name]) : undefined;
    if (part !== undefined) {
      const format = name === 'log' ? 'fluent' : 'message';
      return { format, inside: [{ kind: 'value', value: parsed, ...part, added: addedBy(value) }] };
    }
  }
  return undefined;
};

export const SHIPPERS: readonly Wrapper[] = [
  beats,
  integration,
  vector,
  journald,
  logcli,
  loki,
  parsedLine,
  usualNames,
];
