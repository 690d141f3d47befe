/** EKS: events in CloudWatch Logs, and the ways out of it. */
import { gunzipSync } from 'node:zlib';
import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import { elementsAt, type Part } from './parts.ts';
import { type Added, addedOf, type Inside, type Wrapper } from './wrapping.ts';

/** A payload of Lambda is 6 MB at most: what inflates to more than this is meant to. */
const MOST_INFLATED = 64 * 1024 * 1024;
const AUDIT_STREAM = 'kube-apiserver-audit';

interface Stream {
  readonly group: string | undefined;
  readonly stream: string | undefined;
}

const NOWHERE: Stream = { group: undefined, stream: undefined };

/** What subscription filters send: `logEvents[].message`. */
const subscription: Wrapper = (value, text) => {
  const { messageType, logEvents } = value;
  if (typeof messageType !== 'string' || !Array.isArray(logEvents)) return undefined;
  if (messageType === 'CONTROL_MESSAGE') {
    return { format: 'cloudwatch-subscription', inside: [{ kind: 'skipped', what: 'CloudWatch control message' }] };
  }
  const stream = { group: stringOf(value['logGroup']), stream: stringOf(value['logStream']) };
  const inside = elementsAt(text, logEvents, ['logEvents']).map((part) => messageOf(part, stream));
  return { format: 'cloudwatch-subscription', inside };
};

/** What Lambda gets: the subscription's payload, compressed. */
const lambda: Wrapper = (value) => {
  const data = at(value, 'awslogs', 'data');
  if (typeof data !== 'string') return undefined;
  return { format: 'lambda', inside: [inflate(data)] };
};

function inflate(data: string): Inside {
  try {
    const bytes = gunzipSync(Buffer.from(data, 'base64'), { maxOutputLength: MOST_INFLATED });
    return { kind: 'text', text: bytes.toString('utf8'), added: {} };
  } catch {
    return { kind: 'unparseable', reason: 'awslogs.data is no base64 of gzip, or inflates to over 64 MiB', text: data };
  }
}

/** `aws logs filter-log-events` and `get-log-events`. */
const logEvents: Wrapper = (value, text) => {
  const { events } = value;
  if (!Array.isArray(events) || !events.every((event) => isObject(event) && 'message' in event)) return undefined;
  const inside = elementsAt(text, events, ['events']).map((part) => messageOf(part, NOWHERE));
  return { format: 'cloudwatch-events', inside };
};

/** One of those events alone, as `jq -c .events[]` leaves it. */
const logEvent: Wrapper = (value, text) => {
  const isOne = 'message' in value && ('ingestionTime' in value || 'logStreamName' in value);
  return isOne ? { format: 'cloudwatch-events', inside: [messageOf({ value, text, offset: 0 }, NOWHERE)] } : undefined;
};

/** `aws logs get-query-results`: a row is a list of fields. */
const insights: Wrapper = (value, text) => {
  const { results } = value;
  if (!Array.isArray(results) || !results.every(isRow)) return undefined;
  const inside = elementsAt(text, results, ['results']).map(rowOf);
  return { format: 'logs-insights', inside };
};

function isRow(row: unknown): boolean {
  return Array.isArray(row) && row.every((cell) => isObject(cell) && typeof cell['field'] === 'string');
}

function rowOf({ value, text, offset }: Part): Inside {
  const cells = Array.isArray(value) ? value.filter(isObject) : [];
  const fieldOf = (name: string): unknown => cells.find((cell) => cell['field'] === name)?.['value'];
  const message = fieldOf('@message');
  if (typeof message !== 'string')
    return { kind: 'unparseable', reason: 'no @message in a row of Logs Insights', text };
  // @log is `account:group`.
  const group = stringOf(fieldOf('@log'))?.replace(/^\d+:/, '');
  return streamText(message, offset, { group, stream: stringOf(fieldOf('@logStream')) }, fieldOf('@ingestionTime'));
}

function messageOf({ value, text, offset }: Part, outer: Stream): Inside {
  const event: JsonObject = isObject(value) ? value : {};
  const { message } = event;
  if (typeof message !== 'string') return { kind: 'unparseable', reason: 'no message in an event of CloudWatch', text };
  const stream = stringOf(event['logStreamName']) ?? outer.stream;
  return streamText(message, offset, { ...outer, stream }, event['ingestionTime'] ?? event['timestamp']);
}

function streamText(text: string, offset: number, { group, stream }: Stream, received: unknown): Inside {
  const added: Added = addedOf({
    cluster: group && /^\/aws\/eks\/(.+)\/cluster$/.exec(group)?.[1],
    log_group: group,
    log_stream: stream,
    received,
  });
  const isOther = stream !== undefined && !stream.startsWith(AUDIT_STREAM);
  const otherwise = isOther ? `line of the stream ${streamFamily(stream)}` : undefined;
  return { kind: 'text', text, offset, added, ...(otherwise !== undefined && { otherwise }) };
}

/** `authenticator-0a1b…` is one of many streams of the authenticator. */
function streamFamily(stream: string): string {
  return /^[a-z]+(?:-[a-z]+)*(?=-[0-9a-f]{8,}$)/.exec(stream)?.[0] ?? 'of another program';
}

export const CLOUDWATCH: readonly Wrapper[] = [subscription, lambda, logEvents, logEvent, insights];
