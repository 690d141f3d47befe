/** From a pod, a volume or a kubelet to the node under it. */
import { ACTORS, PEOPLE } from '../cluster.ts';
import { pathOf } from '../paths.ts';
import type { Ref } from '../request.ts';
import { APPS, creates, exec, holding, stolen, template } from './actions.ts';
import { type Storyline, step } from './types.ts';

const [, bob, carol, , erin] = PEOPLE;
const hostPod: Ref = { resource: 'pods', namespace: 'staging', name: 'node-debug' };

/** A pod that is the node. */
export const hostTakeover: Storyline = {
  name: 'host-takeover',
  summary: "carol starts a privileged pod with the node's root and processes and opens a shell in it",
  attack: ['T1610', 'T1611', 'T1609'],
  actor: carol.username,
  mustFire: { metadata: ['exec-into-pod'], mixed: ['privileged-pod-created'] },
  steps: [
    creates(0, carol, 'Pod', hostPod, {
      spec: {
        hostPID: true,
        containers: [{ name: 'main', image: 'docker.io/library/alpine:3', securityContext: { privileged: true } }],
        volumes: [{ name: 'host', hostPath: { path: '/' } }],
      },
    }),
    exec(45, carol, hostPod, 'chroot', '/host', 'bash'),
  ],
};

/** The controller makes the pods, one on each node; who asked for them is on the DaemonSet alone. */
export const everyNode: Storyline = {
  name: 'every-node',
  summary: 'erin writes a DaemonSet in kube-system whose init container is privileged, so that it runs on every node',
  attack: ['T1610', 'T1611'],
  actor: erin.username,
  mustFire: { mixed: ['privileged-pod-created'] },
  steps: [
    creates(
      0,
      holding(erin, 'cluster-admin'),
      'DaemonSet',
      { ...APPS, resource: 'daemonsets', namespace: 'kube-system', name: 'kube-proxy-helper' },
      {
        spec: template('kube-proxy-helper', {
          tolerations: [{ operator: 'Exists' }],
          initContainers: [
            { name: 'setup', image: 'docker.io/library/alpine:3', securityContext: { privileged: true } },
          ],
          containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.10' }],
        }),
      },
    ),
  ],
};

const hostVolume = { resource: 'persistentvolumes', name: 'archive-0' };

/** The pod mounts a claim, like other pods; the path of the node is in an object that no policy of pods looks at. */
export const volumeOfTheNode: Storyline = {
  name: 'volume-of-the-node',
  summary: "bob makes the node's file system a PersistentVolume and mounts it by a claim",
  attack: ['T1611'],
  actor: bob.username,
  mustFire: { mixed: ['persistent-volume-host-path'] },
  steps: [
    creates(0, holding(bob, 'storage-admin'), 'PersistentVolume', hostVolume, {
      spec: {
        capacity: { storage: '10Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'manual',
        hostPath: { path: '/' },
      },
    }),
    creates(
      10,
      bob,
      'PersistentVolumeClaim',
      { resource: 'persistentvolumeclaims', namespace: 'staging', name: 'archive' },
      { spec: { storageClassName: 'manual', volumeName: hostVolume.name, accessModes: ['ReadWriteOnce'] } },
    ),
    creates(
      20,
      bob,
      'Pod',
      { resource: 'pods', namespace: 'staging', name: 'archive' },
      {
        spec: {
          containers: [{ name: 'main', image: 'registry.example.com/worker:1.12' }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'archive' } }],
        },
      },
    ),
  ],
};

const monitoring = stolen(ACTORS.prometheus, ACTORS.prometheus.ip, 'curl/8.9.1');
const node: Ref = { resource: 'nodes', name: 'worker-2', subresource: 'proxy' };

/** What kubelets do for who asks them is not in the log; what goes to them through the API server is, by its path. */
export const kubeletByProxy: Storyline = {
  name: 'kubelet-by-proxy',
  summary: "Monitoring's token, which may use nodes/proxy, lists a node's pods and runs a command in one of them",
  attack: ['T1609', 'T1613'],
  actor: monitoring.username,
  mustFire: { metadata: ['node-proxy-use'] },
  steps: [
    step(0, monitoring, 'get', node, { uri: `${pathOf(node)}/pods`, lastsMs: 40 }),
    step(30, monitoring, 'create', node, {
      uri: `${pathOf(node)}/run/kube-system/cilium-7xk2p/cilium-agent?cmd=id`,
      code: 200,
      lastsMs: 300,
    }),
  ],
};
