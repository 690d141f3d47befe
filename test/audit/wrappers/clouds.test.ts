/** What the clouds' wrappings add, leave out and cut. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { rawEvent } from '../../support/events.ts';
import { fieldOf } from '../../support/field.ts';
import { originOf, textsIn } from '../../support/unwrap.ts';
import { WRAPS } from '../../support/wrap.ts';

const EVENT = JSON.stringify(rawEvent());
const RECEIVED = '2026-03-02T09:41:08.000Z';
const wrapped = (name: string): string => String(WRAPS[name]?.file([EVENT]));

describe('CloudWatch', () => {
  const message = (text: string, stream = 'kube-apiserver-audit-0a1b2c3d'): string =>
    JSON.stringify({ events: [{ logStreamName: stream, timestamp: 1772444468000, message: text }] });

  it('names the cluster, the group and the stream', () => {
    const stream = { log_stream: 'kube-apiserver-audit-0a1b2c3d4e5f' };
    expect(originOf(wrapped('a CloudWatch subscription'))).toEqual({
      format: 'cloudwatch-subscription',
      cluster: 'demo',
      log_group: '/aws/eks/demo/cluster',
      received: RECEIVED,
      ...stream,
    });
    expect(originOf(wrapped('aws logs get-query-results'))).toEqual({ format: 'logs-insights', ...stream });
    expect(originOf(wrapped('a CloudWatch export'))).toEqual({ format: 'cloudwatch-export', received: RECEIVED });
    expect(originOf(wrapped('aws logs tail'))).toEqual({ format: 'cloudwatch-tail', received: RECEIVED, ...stream });
  });

  it('skips its control messages', () => {
    const control = { messageType: 'CONTROL_MESSAGE', logEvents: [{ message: 'CWL CONTROL MESSAGE' }] };
    expect(textsIn(JSON.stringify(control))).toEqual(['skipped: CloudWatch control message']);
  });

  it('skips other streams of the group by their name, but no event', () => {
    const streams = ['authenticator-0a1b2c3d4e', 'kube-apiserver-0a1b2c3d4e', 'mine'];
    expect(streams.flatMap((stream) => textsIn(message('I am no event', stream)))).toEqual([
      'skipped: line of the stream authenticator',
      'skipped: line of the stream kube-apiserver',
      'skipped: line of the stream of another program',
    ]);
    expect(textsIn(message(EVENT, 'mine'))).toEqual([EVENT]);
    expect(textsIn(message('I am no event'))).toEqual(['unparseable: not valid JSON']);
  });

  it('is not believed when it inflates without end', () => {
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024)).toString('base64');
    const reason = 'unparseable: awslogs.data is no base64 of gzip, or inflates to over 64 MiB';
    expect(textsIn(JSON.stringify({ awslogs: { data: bomb } }))).toEqual([reason]);
    expect(textsIn('{"awslogs":{"data":"%%%"}}')).toEqual([reason]);
  });

  it('may lack what it should have', () => {
    expect(textsIn('{"messageType":"DATA_MESSAGE","logEvents":[1,{}]}')).toEqual(
      Array(2).fill('unparseable: no message in an event of CloudWatch'),
    );
    expect(textsIn('{"results":[[{"field":"@timestamp","value":"x"}]]}')).toEqual([
      'unparseable: no @message in a row of Logs Insights',
    ]);
    expect(textsIn('{"events":[]}')).toEqual(['skipped: empty cloudwatch-events']);
  });
});

describe('AKS', () => {
  const record = (log: string, category = 'kube-audit'): string =>
    JSON.stringify({ category, resourceId: '/x/managedClusters/demo', properties: { log } });

  it('names the cluster, the category and the pod', () => {
    expect(originOf(wrapped('AKS diagnostic records'))).toEqual({
      format: 'aks',
      cluster: 'DEMO',
      log_stream: 'kube-audit',
      pod: 'kube-apiserver-7d9f-x',
      received: '2026-03-02T09:41:08.123Z',
    });
  });

  it('has the same event in both of its audit categories, and other programs in the others', () => {
    expect(['kube-audit', 'kube-audit-admin'].flatMap((category) => textsIn(record(EVENT, category)))).toEqual([
      EVENT,
      EVENT,
    ]);
    expect(textsIn(record('I am klog', 'kube-scheduler'))).toEqual(['skipped: AKS kube-scheduler record']);
    expect(textsIn('{"category":"Administrative","properties":{}}')).toEqual(['skipped: AKS Administrative record']);
    expect(textsIn('{"category":"kube-audit","properties":{}}')).toEqual([
      'unparseable: no properties.log in an AKS record',
    ]);
  });

  it('cuts long events: they are quarantined with their audit id', () => {
    const cut = JSON.stringify(rawEvent({ auditID: 'abc', requestObject: 'x'.repeat(20_000) })).slice(0, 16_384);
    expect(textsIn(record(cut))).toEqual(['unparseable: cut off, as AKS does at 16 KiB: auditID abc']);
    expect(textsIn(record(EVENT.slice(0, 100)))).toEqual(['unparseable: not valid JSON']);
  });

  it('renames the members in its tables: they get their names back', () => {
    const event = rawEvent({ requestObject: 'skipped-too-big-size-object' });
    const row = {
      TimeGenerated: '2026-03-02T09:41:08.1234567Z',
      Level: event['level'],
      AuditId: event['auditID'],
      Stage: event['stage'],
      RequestUri: event['requestURI'],
      Verb: event['verb'],
      User: event['user'],
      SourceIps: JSON.stringify(event['sourceIPs']),
      UserAgent: event['userAgent'],
      ObjectRef: JSON.stringify(event['objectRef']),
      ResponseStatus: event['responseStatus'],
      RequestObject: event['requestObject'],
      ResponseObject: null,
      RequestReceivedTime: event['requestReceivedTimestamp'],
      StageReceivedTime: event['stageTimestamp'],
      Annotations: event['annotations'],
      PodName: 'kube-apiserver-x',
      _ResourceId: '/subscriptions/0/providers/microsoft.containerservice/managedclusters/demo',
      Type: 'AKSAudit',
    };
    const [text = ''] = textsIn(JSON.stringify(row));
    expect(JSON.parse(text)).toEqual(event);
    expect(originOf(JSON.stringify(row))).toEqual({
      format: 'aks-table',
      cluster: 'demo',
      pod: 'kube-apiserver-x',
      received: '2026-03-02T09:41:08.123Z',
    });
  });
});

describe('GKE', () => {
  const entry = (payload: object = {}, changes: object = {}): string =>
    JSON.stringify({
      insertId: 'x1',
      labels: { 'authorization.k8s.io/decision': 'allow' },
      logName: 'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
      operation: { first: true, id: 'x1', last: true, producer: 'k8s.io' },
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        authenticationInfo: { principalEmail: 'alice@example.com' },
        methodName: 'io.k8s.apps.v1.deployments.scale.update',
        requestMetadata: { callerIp: '203.0.113.9', callerSuppliedUserAgent: 'kubectl/v1.31.2' },
        resourceName: 'apps/v1/namespaces/shop/deployments/web/scale',
        serviceName: 'k8s.io',
        status: { code: 0 },
        ...payload,
      },
      receiveTimestamp: '2026-03-02T09:41:08.5Z',
      resource: { labels: { cluster_name: 'demo' }, type: 'k8s_cluster' },
      timestamp: '2026-03-02T09:41:07.125956Z',
      ...changes,
    });
  const converted = (payload: object = {}, changes: object = {}): object =>
    JSON.parse(textsIn(entry(payload, changes))[0] ?? '') as object;

  it('is converted to an event', () => {
    expect(converted()).toEqual({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'x1',
      stage: 'ResponseComplete',
      requestURI: '/apis/apps/v1/namespaces/shop/deployments/web/scale',
      verb: 'update',
      user: { username: 'alice@example.com' },
      sourceIPs: ['203.0.113.9'],
      userAgent: 'kubectl/v1.31.2',
      objectRef: {
        resource: 'deployments',
        namespace: 'shop',
        name: 'web',
        apiGroup: 'apps',
        apiVersion: 'v1',
        subresource: 'scale',
      },
      responseStatus: { metadata: {}, code: 200 },
      stageTimestamp: '2026-03-02T09:41:07.125956Z',
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    });
  });

  it('says what had to be worked out', () => {
    expect(originOf(entry())).toEqual({
      format: 'gke',
      cluster: 'demo',
      log_group: 'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
      received: '2026-03-02T09:41:08.500Z',
      inferred: ['level', 'stage', 'requestURI', 'objectRef', 'responseStatus.code'],
    });
  });

  it.each([
    [
      'io.k8s.core.v1.pods.create',
      'core/v1/namespaces/shop/pods/web',
      '/api/v1/namespaces/shop/pods/web',
      'pods',
      'shop',
      'web',
    ],
    ['io.k8s.core.v1.nodes.get', 'core/v1/nodes/n1', '/api/v1/nodes/n1', 'nodes', undefined, 'n1'],
    [
      'io.k8s.core.v1.secrets.list',
      'core/v1/namespaces/shop/secrets',
      '/api/v1/namespaces/shop/secrets',
      'secrets',
      'shop',
      undefined,
    ],
    [
      'io.k8s.core.v1.namespaces.delete',
      'core/v1/namespaces/shop',
      '/api/v1/namespaces/shop',
      'namespaces',
      'shop',
      'shop',
    ],
    [
      'io.k8s.core.v1.namespaces.status.update',
      'core/v1/namespaces/shop/status',
      '/api/v1/namespaces/shop/status',
      'namespaces',
      'shop',
      'shop',
    ],
    [
      'io.k8s.authorization.rbac.v1.clusterroles.create',
      'rbac.authorization.k8s.io/v1/clusterroles/admin',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/admin',
      'clusterroles',
      undefined,
      'admin',
    ],
    [
      'com.example.v1.v1.widgets.get',
      'v1.example.com/v1/namespaces/shop/widgets/a',
      '/apis/v1.example.com/v1/namespaces/shop/widgets/a',
      'widgets',
      'shop',
      'a',
    ],
    ['get', 'core/v1/namespaces/shop/pods/web', '/api/v1/namespaces/shop/pods/web', 'pods', 'shop', 'web'],
  ])('reads %s of %s', (methodName, resourceName, requestURI, resource, namespace, name) => {
    const event = converted({ methodName, resourceName });
    expect(event).toMatchObject({ requestURI, verb: methodName.split('.').at(-1), objectRef: { resource } });
    expect([fieldOf(event, 'objectRef', 'namespace'), fieldOf(event, 'objectRef', 'name')]).toEqual([namespace, name]);
  });

  it('keeps the path of what is no resource', () => {
    const event = converted({ methodName: 'io.k8s.get', resourceName: 'healthz' });
    expect(event).toMatchObject({ requestURI: '/healthz', verb: 'get' });
    expect(event).not.toHaveProperty('objectRef');
  });

  it('keeps the bodies byte for byte, and takes the true code where there is one', () => {
    const status = { kind: 'Status', status: 'Failure', reason: 'Conflict', message: 'no', code: 409 };
    const text = entry({ request: { a: 1 }, response: status }).replace('"a":1', '"a":12345678901234567890');
    expect(textsIn(text)[0]).toContain('"requestObject":{"a":12345678901234567890}');
    expect(converted({ response: status })).toMatchObject({
      level: 'RequestResponse',
      responseStatus: { code: 409, reason: 'Conflict' },
    });
    expect(originOf(text)).toMatchObject({ inferred: ['level', 'stage', 'requestURI', 'objectRef'] });
  });

  it.each([
    [7, 403],
    [5, 404],
    [16, 401],
    [10, 409],
  ])('infers the HTTP code of gRPC code %i', (code, http) => {
    expect(converted({ status: { code, message: 'why' } })).toMatchObject({
      responseStatus: { code: http, message: 'why' },
    });
  });

  it('takes a right that was not granted for a refusal, where the entry has no code', () => {
    const refused = converted({
      status: {},
      authorizationInfo: [{ permission: 'io.k8s.core.v1.pods.list', granted: false }],
    });
    expect(refused).toMatchObject({ responseStatus: { code: 403 } });
    const unsaid = converted({ status: {}, authorizationInfo: [{ permission: 'io.k8s.core.v1.pods.list' }] });
    expect(unsaid).toMatchObject({ responseStatus: { code: 200 } });
  });

  it('reads the first entry of several as the start of a response', () => {
    expect(converted({}, { operation: { id: 'x1', first: true } })).toMatchObject({ stage: 'ResponseStarted' });
  });

  it('skips other services by their name', () => {
    expect(textsIn(entry({ serviceName: 'container.googleapis.com' }))).toEqual([
      'skipped: container.googleapis.com record',
    ]);
    expect(textsIn('{"logName":"projects/p/logs/x","textPayload":"I am klog"}')).toEqual([
      'skipped: Cloud Logging record',
    ]);
  });
});
