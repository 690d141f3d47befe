/** Ways in which audit events come: each writes a file with events, given as one-line JSON texts. The shapes are simulated. */
import { gzipSync } from 'node:zlib';
import { jsonOf } from '../../src/audit/document.ts';
import { documentFor } from './events.ts';

export interface Wrap {
  /** What `kaudit.origin.format` says of it. */
  readonly format: string;
  readonly file: (events: readonly string[]) => string | Buffer;
  /** The event is in it as it was; otherwise its values are. */
  readonly exact: boolean;
}

type Line = (event: string) => string;

const CONTAINER_PART = 16 * 1024;
const TIME = '2026-03-02T09:41:08.000Z';
const NANOS = '2026-03-02T09:41:08.123456789Z';
const MILLIS = Date.parse(TIME);

const json = (value: unknown): string => JSON.stringify(value);
const lines = (format: string, line: Line, exact = true): Wrap => ({
  format,
  exact,
  file: (events) => `${events.map(line).join('\n')}\n`,
});
const whole = (format: string, file: (events: readonly string[]) => string): Wrap => ({ format, exact: true, file });

/** CRI cuts bytes, wherever that falls. */
function cri(events: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (const event of events) {
    parts.push(Buffer.from(`${NANOS} stderr F I0302 09:41:08.000000       1 controller.go:1] "noise"\n`));
    const bytes = Buffer.from(event);
    for (let at = 0; at < bytes.length; at += CONTAINER_PART) {
      const tag = at + CONTAINER_PART < bytes.length ? 'P' : 'F';
      parts.push(Buffer.from(`${NANOS} stdout ${tag} `), bytes.subarray(at, at + CONTAINER_PART), Buffer.from('\n'));
    }
  }
  return Buffer.concat(parts);
}

function docker(event: string): string {
  const parts = characterParts(`${event}\n`);
  return parts.map((log) => json({ log, stream: 'stdout', time: NANOS })).join('\n');
}

/** Pieces of at least so many bytes that split no character. */
function characterParts(text: string): readonly string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const cut = at + CONTAINER_PART;
    const end = /[\ud800-\udbff]/.test(text[cut - 1] ?? '') ? cut + 1 : cut;
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}

const subscription = (events: readonly string[]): string =>
  json({
    messageType: 'DATA_MESSAGE',
    owner: '111122223333',
    logGroup: '/aws/eks/demo/cluster',
    logStream: 'kube-apiserver-audit-0a1b2c3d4e5f',
    subscriptionFilters: ['audit'],
    logEvents: events.map((message, id) => ({ id: `${id}`, timestamp: MILLIS, message })),
  });

const aks = (log: string): string =>
  `{"time":"2026-03-02T09:41:08.1234567Z","category":"kube-audit","operationName":"Microsoft.ContainerService/managedClusters/diagnosticLogs/Read","resourceId":"/SUBSCRIPTIONS/0/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/DEMO","properties":{"log":${log},"stream":"stdout","pod":"kube-apiserver-7d9f-x"}}`;

const beat = (members: string): string =>
  `{"@timestamp":"${TIME}","agent":{"type":"filebeat"},"host":{"name":"node-1"},${members}}`;

/** The event with its annotations renamed, as pipelines into Elasticsearch do it. */
function dotless(event: string): string {
  const { annotations, ...rest } = JSON.parse(event) as { annotations?: Record<string, string> };
  const renamed = Object.entries(annotations ?? {}).map(([key, value]) => [key.replaceAll('.', '_'), value]);
  return json({ ...rest, annotations: Object.fromEntries(renamed) });
}

const integration = (event: string): string =>
  `{"@timestamp":"${TIME}","data_stream":{"dataset":"kubernetes.audit_logs"},"kubernetes":{"audit":${dotless(event)}}}`;

const stored = (event: string): string => jsonOf(documentFor(event).document);
const extended = (event: string, members: string): string => `${event.slice(0, -1)},${members}}`;

/** All of them by name. */
export const WRAPS: Readonly<Record<string, Wrap>> = {
  'one event a line': lines('Event', (event) => event),
  'lines that end in a carriage return, after a byte order mark': whole(
    'Event',
    (events) => `\ufeff${events.join('\r\n')}\r\n`,
  ),
  'events without a newline between them': whole('Event', (events) => events.join('')),
  'an array': whole('array', (events) => `[${events.join(',\n')}]`),
  'a pretty EventList': whole(
    'EventList',
    (events) => `{\n  "kind": "EventList",\n  "metadata": {},\n  "items": [\n${events.join(',\n')}\n  ]\n}\n`,
  ),
  'an EventList a line': lines('EventList', (event) => `{"kind":"EventList","metadata":{},"items":[${event}]}`),
  'a YAML EventList': {
    format: 'yaml/EventList',
    exact: false,
    // JSON is YAML.
    file: (events) => `---\nkind: EventList\napiVersion: audit.k8s.io/v1\nitems:\n${events.map(yamlItem).join('')}`,
  },
  'a CloudWatch export': lines('cloudwatch-export', (event) => `${TIME} ${event}`),
  'a compressed CloudWatch export': {
    format: 'cloudwatch-export',
    exact: true,
    file: (events) => gzipSync(events.map((event) => `${TIME} ${event}\n`).join('')),
  },
  'aws logs tail': lines(
    'cloudwatch-tail',
    (event) => `2026-03-02T09:41:08.000000+00:00 kube-apiserver-audit-0a1b2c3d4e5f ${event}`,
  ),
  'a CloudWatch subscription': whole('cloudwatch-subscription', subscription),
  'CloudWatch subscriptions by Firehose, without a newline': whole('cloudwatch-subscription', (events) =>
    events.map((event) => subscription([event])).join(''),
  ),
  "Lambda's input": whole('lambda/cloudwatch-subscription', (events) =>
    json({ awslogs: { data: gzipSync(subscription(events)).toString('base64') } }),
  ),
  'aws logs filter-log-events': whole('cloudwatch-events', (events) =>
    JSON.stringify(
      {
        events: events.map((message, id) => ({
          logStreamName: 'kube-apiserver-audit-0a1b2c3d4e5f',
          timestamp: MILLIS,
          message,
          ingestionTime: MILLIS,
          eventId: `${id}`,
        })),
        searchedLogStreams: [],
      },
      null,
      4,
    ),
  ),
  'aws logs get-query-results': whole('logs-insights', (events) =>
    json({
      results: events.map((value, id) => [
        { field: '@message', value },
        { field: '@logStream', value: 'kube-apiserver-audit-0a1b2c3d4e5f' },
        { field: '@ptr', value: `${id}` },
      ]),
      status: 'Complete',
    }),
  ),
  'AKS diagnostic records': lines('aks', (event) => aks(json(`${event}\n`))),
  'AKS diagnostic records with the log as an object': lines('aks', aks),
  'a batch of an event hub': whole(
    'records/aks',
    (events) => `\ufeff{"records": [${events.map((event) => aks(json(`${event}\n`))).join(', \n')}]}`,
  ),
  'oc adm node-logs': lines('node-logs', (event) => `master-0.demo.example.com ${event}`),
  "OpenShift's log forwarder": lines('openshift-logging', (event) =>
    extended(
      event,
      `"@timestamp":"${TIME}","hostname":"master-0","k8s_audit_level":"Metadata","log_source":"kubeAPI","log_type":"audit","openshift":{"cluster_id":"0-1","sequence":7}`,
    ),
  ),
  "a container runtime's log": { format: 'cri', exact: true, file: cri },
  'a json-file of Docker': lines('docker', docker),
  'syslog of RFC 3164': lines('syslog', (event) => `<13>Mar  2 09:41:08 master-0 kube-apiserver[812]: ${event}`),
  'syslog of RFC 5424': lines(
    'syslog',
    (event) => `<134>1 ${NANOS.slice(0, 26)}Z master-0 kube-apiserver 812 - [origin@1 note="a \\"]\\" b"] ${event}`,
  ),
  'a file of rsyslog': lines('syslog', (event) => `2026-03-02T09:41:08.123456+00:00 master-0 audit: ${event}`),
  'Fluent Bit': lines('fluent', (event) => json({ log: event })),
  'Fluent Bit behind a container runtime': lines('fluent', (event) =>
    characterParts(event)
      .map((log, at, all) => json({ time: NANOS, stream: 'stdout', logtag: at + 1 < all.length ? 'P' : 'F', log }))
      .join('\n'),
  ),
  'Fluent Bit that parsed the line': lines('fluent', (event) => `{"date":1772444468.1,"log":${event}}`),
  Fluentd: lines('message', (event) => json({ message: event, tag: 'audit' })),
  Filebeat: lines('filebeat', (event) => beat(`"log":{"offset":1},"message":${json(event)}`)),
  'Elastic Agent, with the original': lines('filebeat', (event) =>
    beat(`"event":{"original":${json(event)}},"kubernetes":{"audit":{"auditID":"x"}}`),
  ),
  "Elastic's integration": lines('elastic-integration', integration, false),
  Vector: lines('vector', (event) =>
    json({ message: event, host: 'node-1', source_type: 'file', file: '/var/log/audit.log', timestamp: TIME }),
  ),
  'a shipper that adds to the event': lines('extended', (event) =>
    extended(event, `"@timestamp":"${TIME}","host":{"name":"node-1"},"tags":["a"]`),
  ),
  'Fluent Bit to Elasticsearch, with dots replaced': lines(
    'elasticsearch/extended',
    (event) => `{"_index":"i","_source":${extended(dotless(event), `"@timestamp":"${TIME}"`)}}`,
    false,
  ),
  "Loki's API": whole('loki', (events) =>
    json({
      streams: [
        { stream: { cluster: 'demo', node: 'node-1' }, values: events.map((event) => [`${MILLIS}000001`, event]) },
      ],
    }),
  ),
  "a query of Loki's": whole('loki', (events) =>
    json({
      status: 'success',
      data: {
        resultType: 'streams',
        result: events.map((event) => ({ stream: { cluster: 'demo' }, values: [[`${MILLIS}000001`, event]] })),
      },
    }),
  ),
  logcli: lines('logcli', (event) => json({ labels: { cluster: 'demo' }, line: event, timestamp: NANOS })),
  journald: lines('journald', (event) =>
    json({ MESSAGE: event, _HOSTNAME: 'node-1', __REALTIME_TIMESTAMP: `${MILLIS}001` }),
  ),
  'journald, in bytes': lines('journald', (event) =>
    json({ MESSAGE: [...Buffer.from(event)], _HOSTNAME: 'node-1', __REALTIME_TIMESTAMP: `${MILLIS}001` }),
  ),
  'a search in Elasticsearch': whole(
    'elasticsearch/filebeat',
    (events) =>
      `{"took":1,"hits":{"total":{"value":1},"hits":[${events
        .map((event, id) => `{"_index":"logs","_id":"${id}","_source":${beat(`"log":{},"message":${json(event)}`)}}`)
        .join(',')}]}}`,
  ),
  elasticdump: lines('elasticsearch', (event) => `{"_index":"audit","_id":"1","_score":1,"_source":${event}}`),
  "documents of kaudit's own": lines(
    'elasticsearch/kaudit',
    (event) => `{"_index":"kaudit-events-default-2026.03","_id":"1","_source":${stored(event)}}`,
    false,
  ),
};

const yamlItem = (event: string): string => {
  const { auditID, ...rest } = JSON.parse(event) as { auditID: string };
  const members = Object.entries(rest).map(([key, value]) => `  ${key}: ${yamlScalar(value)}\n`);
  return `- auditID: ${yamlScalar(auditID)}\n${members.join('')}`;
};

/** JSON is YAML, but for characters that YAML does not allow unescaped. */
function yamlScalar(value: unknown): string {
  return json(value).replaceAll(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
