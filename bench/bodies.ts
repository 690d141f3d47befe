/** Bodies as an API server logs them, which the simulator keeps small. */

interface LoggedEvent {
  readonly auditID: string;
  readonly level: string;
  readonly requestObject?: LoggedObject;
}

interface LoggedObject {
  readonly metadata?: object;
}

/** Which client owns which field; almost every stored object has it, and its keys are what servers stumble over. */
const MANAGED_FIELDS = [
  {
    manager: 'kubectl-client-side-apply',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-03-01T09:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': { 'f:annotations': { '.': {} }, 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': { 'f:containers': { 'k:{"name":"app"}': { '.': {}, 'f:env': {}, 'f:image': {}, 'f:resources': {} } } },
    },
  },
];

/** An event whose request has a body gets the response too: the object as the server stored it. */
export function withResponse(line: string): string {
  if (!line.includes('"requestObject":{')) return line;
  const event = JSON.parse(line) as LoggedEvent;
  const { requestObject } = event;
  if (requestObject?.metadata === undefined) return line;
  return JSON.stringify({ ...event, level: 'RequestResponse', responseObject: stored(requestObject, event.auditID) });
}

function stored(asked: LoggedObject, uid: string): LoggedObject {
  return { ...asked, metadata: { ...asked.metadata, uid, resourceVersion: '81234', managedFields: MANAGED_FIELDS } };
}

/** The event at level RequestResponse, with a deployment of four containers as request and response: about 14 KB. */
export function largeBody(line: string): string {
  const event = JSON.parse(line) as LoggedEvent;
  const seed = event.auditID.slice(0, 8);
  const asked = deployment(seed);
  const answered = {
    ...stored(asked, event.auditID),
    status: { replicas: 3, readyReplicas: 3, conditions: [{ type: 'Available', status: 'True', reason: 'Minimum' }] },
  };
  return JSON.stringify({ ...event, level: 'RequestResponse', requestObject: asked, responseObject: answered });
}

function deployment(seed: string) {
  const labels = { app: `shop-${seed}`, 'app.kubernetes.io/name': 'shop', 'app.kubernetes.io/part-of': 'store' };
  return {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: `shop-${seed}`, namespace: 'shop', labels },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [1, 2, 3, 4].map((at) => container(seed, at)) } },
    },
  };
}

function container(seed: string, at: number) {
  const env = Array.from({ length: 16 }, (_, number) => ({
    name: `SETTING_${number}`,
    value: `${seed}-${number * at}.example.internal`,
  }));
  return {
    name: `app-${at}`,
    image: `registry.example.com/shop/app-${at}:1.${at}.7@sha256:${seed.repeat(8)}`,
    env,
    resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
    livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10, failureThreshold: 3 },
    volumeMounts: [{ name: 'config', mountPath: '/etc/shop', readOnly: true }],
  };
}
