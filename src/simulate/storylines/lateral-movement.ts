/** Where traffic goes: names, endpoints, addresses, and doors to the outside. */
import { PEOPLE } from '../cluster.ts';
import type { Ref } from '../request.ts';
import { creates, holding, patches } from './actions.ts';
import { type Storyline, step } from './types.ts';

const [alice, bob, carol, dave] = PEOPLE;

/** Who answers for a name gets what was meant for it. */
export const dnsHijack: Storyline = {
  name: 'dns-hijack',
  summary: 'alice changes the settings of the DNS of the cluster, so that a name of payments leads elsewhere',
  attack: ['T1557', 'T1565.001'],
  actor: alice.username,
  mustFire: { metadata: ['dns-config-changed'] },
  steps: [
    step(0, alice, 'get', { resource: 'configmaps', namespace: 'kube-system', name: 'coredns' }),
    patches(
      30,
      holding(alice, 'cluster-admin'),
      { resource: 'configmaps', namespace: 'kube-system', name: 'coredns' },
      {
        data: {
          Corefile:
            '.:53 {\n    rewrite name ledger.payments.svc.cluster.local relay.staging.svc.cluster.local\n    kubernetes cluster.local\n    forward . /etc/resolv.conf\n}\n',
        },
      },
    ),
  ],
};

/** A Service without a selector goes where its endpoints say. */
export const endpointsMoved: Storyline = {
  name: 'endpoints-moved',
  summary: 'dave writes an endpoint of his own among those of payments/ledger, and gets a part of its requests',
  attack: ['T1557'],
  actor: dave.username,
  mustFire: { metadata: ['endpoint-tampering'] },
  steps: [
    creates(
      0,
      dave,
      'EndpointSlice',
      { resource: 'endpointslices', apiGroup: 'discovery.k8s.io', namespace: 'payments', name: 'ledger-x7k2p' },
      {
        metadata: { labels: { 'kubernetes.io/service-name': 'ledger' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.244.3.77'] }],
        ports: [{ port: 8080 }],
      },
    ),
  ],
};

const database: Ref = { resource: 'services', namespace: 'prod', name: 'orders-db' };

/** The second takes over an address that belongs to somebody else (CVE-2020-8554). */
export const servicesOpened: Storyline = {
  name: 'services-opened',
  summary: "bob opens a database on every node's address and claims an external address for a Service of his own",
  attack: ['T1133', 'T1557'],
  actor: bob.username,
  mustFire: { mixed: ['service-exposed-nodeport', 'service-external-ip'] },
  steps: [
    patches(0, bob, database, { spec: { type: 'NodePort', ports: [{ port: 5432, nodePort: 31_432 }] } }),
    creates(
      25,
      bob,
      'Service',
      { ...database, name: 'resolver' },
      { spec: { selector: { app: 'relay' }, ports: [{ port: 443 }], externalIPs: ['192.0.2.53'] } },
    ),
  ],
};

/** A snippet is code for the proxy, which holds the keys of all hosts. */
export const ingressSnippet: Storyline = {
  name: 'ingress-snippet',
  summary: "carol's Ingress has a snippet that makes the proxy show its own service account token",
  attack: ['T1190', 'T1552.007'],
  actor: carol.username,
  mustFire: { mixed: ['ingress-snippet'] },
  steps: [
    creates(
      0,
      carol,
      'Ingress',
      { resource: 'ingresses', apiGroup: 'networking.k8s.io', namespace: 'staging', name: 'status' },
      {
        metadata: {
          annotations: {
            'nginx.ingress.kubernetes.io/configuration-snippet':
              'location /t { alias /var/run/secrets/kubernetes.io/serviceaccount/; }',
          },
        },
        spec: {
          ingressClassName: 'nginx',
          rules: [
            {
              host: 'status.example.com',
              http: {
                paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
              },
            },
          ],
          tls: [{ hosts: ['status.example.com'], secretName: 'status-tls' }],
        },
      },
    ),
  ],
};
