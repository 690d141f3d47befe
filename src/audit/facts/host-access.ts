/**
 * Which host paths and capabilities let a container take over its node.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/ forbids all host paths from the level baseline on;
 * those of log collectors, such as /var/log, are everyday and no danger here.
 */
import { posix } from 'node:path';

/** Folders and sockets, by the name of the danger of mounting them, something in them, or something that holds them. */
const SENSITIVE: readonly (readonly [string, readonly string[]])[] = [
  ['host-path-etc', ['/etc']],
  ['host-path-dev', ['/dev']],
  ['host-path-proc', ['/proc']],
  ['host-path-sys', ['/sys']],
  ['host-path-boot', ['/boot']],
  // Programs of the host; those of k3s and RKE2 lie in their data.
  [
    'host-path-usr',
    ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/var/lib/rancher/k3s/data', '/var/lib/rancher/rke2/data'],
  ],
  ['host-path-home', ['/root', '/home']],
  ['host-path-kubelet', ['/var/lib/kubelet', '/opt/cni', '/var/lib/rancher/k3s/agent', '/var/lib/rancher/rke2/agent']],
  // Beside the server's data, /var/lib/rancher/k3s/storage holds the volumes of pods.
  [
    'host-path-etcd',
    ['/var/lib/etcd', '/var/lib/rancher/k3s/server', '/var/lib/rancher/rke2/server', '/var/snap/microk8s'],
  ],
  [
    'host-path-runtime',
    [
      '/run/containerd',
      '/run/crio',
      '/run/docker',
      '/run/docker.sock',
      '/run/cri-dockerd.sock',
      '/run/dockershim.sock',
      '/run/k3s',
      '/run/podman',
      '/run/systemd',
      '/run/dbus',
      '/var/lib/containerd',
      '/var/lib/containers',
      '/var/lib/docker',
    ],
  ],
  ['host-path-cron', ['/var/spool/cron']],
];
const SOCKET = /(^|[/-])(docker|containerd|crio|cri-dockerd|dockershim|podman)\.sock$/;

/** Each is a known way out of a container, alone or with a host namespace (man 7 capabilities). */
const CAPABILITIES = new Set([
  'ALL',
  'BPF',
  'DAC_READ_SEARCH',
  'MAC_ADMIN',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
]);

const WINDOWS = /^([a-z]:|\\\\)/i;
const WINDOWS_ROOT = /^[a-z]:[\\/]*$/i;

/** One spelling for each path: `//var/./lib/` is `/var/lib`. Those of Windows stay as they are. */
export function normalPath(path: string): string {
  if (WINDOWS.test(path)) return path;
  const normal = posix.normalize(`/${path}`);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** Names of dangers of normal paths, from a short list: each at most once, however many paths there are. */
export function hostPathDangers(paths: readonly string[]): ReadonlySet<string> {
  const dangers = new Set<string>();
  for (const path of new Set(paths)) for (const danger of dangersOf(path)) dangers.add(danger);
  return dangers;
}

function dangersOf(given: string): readonly string[] {
  if (given === '/' || WINDOWS_ROOT.test(given)) return ['host-path-root'];
  // On every node /var/run is a link to /run.
  const path = given.replace(/^\/var\/run(?=\/|$)/, '/run');
  const names = SENSITIVE.filter(([, places]) => places.some((place) => within(path, place) || within(place, path)));
  return [...names.map(([name]) => name), ...(SOCKET.test(path) ? ['host-path-runtime'] : [])];
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** `SYS_ADMIN`: runtimes take capabilities in any case, and some of them with `CAP_` before the name. */
export function normalCapability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '');
}

/** `cap-sys-admin`, by names in their one spelling. */
export function capabilityDangers(capabilities: readonly string[]): ReadonlySet<string> {
  const held = capabilities.filter((name) => CAPABILITIES.has(name));
  return new Set(held.map((name) => `cap-${name.toLowerCase().replaceAll('_', '-')}`));
}
