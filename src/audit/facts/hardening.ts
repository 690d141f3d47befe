import { at, type JsonObject } from '../../shared/json.ts';
import { objectsIn, pairsIn } from './values.ts';

/** https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls */
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);
/** Types that Pod Security's level baseline lets a container have. */
const USUAL_SELINUX = new Set<unknown>([
  undefined,
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);
/** Before there was a field, annotations said it. */
const OLD_APPARMOR = /^container\.apparmor\.security\.beta\.kubernetes\.io\/[^=]*=unconfined$/;
const OLD_SECCOMP = /^(?:seccomp|container\.seccomp)\.security\.alpha\.kubernetes\.io\/[^=]*=unconfined$/;

/** Protections of the kernel that are switched off, by the security contexts and annotations of a pod. */
export function unconfinedParts(contexts: readonly unknown[], annotations: readonly unknown[]): readonly string[] {
  const notes = annotations.flatMap(pairsIn);
  const says = (key: string): boolean => contexts.some((context) => at(context, key, 'type') === 'Unconfined');
  const parts = {
    seccomp: says('seccompProfile') || notes.some((note) => OLD_SECCOMP.test(note)),
    apparmor: says('appArmorProfile') || notes.some((note) => OLD_APPARMOR.test(note)),
    selinux: contexts.some((context) => !USUAL_SELINUX.has(at(context, 'seLinuxOptions', 'type'))),
    'proc-mount': contexts.some((context) => at(context, 'procMount') === 'Unmasked'),
    sysctl: contexts.some(hasUnsafeSysctl),
  };
  return Object.entries(parts).flatMap(([name, off]) => (off ? [name] : []));
}

function hasUnsafeSysctl(context: unknown): boolean {
  const sysctls: readonly JsonObject[] = objectsIn(at(context, 'sysctls'));
  return sysctls.some(({ name }) => typeof name === 'string' && !SAFE_SYSCTLS.has(name.replaceAll('/', '.')));
}
