/** Fields of which one event has several values; the one that is asked for is enough, whatever stands beside it. */
const LISTS: Readonly<Record<string, string>> = {
  '': 'cut quota limits secret_keys impersonated_extra weak_certificates redacted',
  rbac: 'grants dangerous presumed verbs resources subjects role role_kind aggregates_to',
  pod: `dangerous dangerous_in images registries repositories tags unpinned_images container_names commands
    command_classes host_paths host_ports added_capabilities unconfined secrets token_audiences volume_types
    ephemeral_images ephemeral_targets node_selectors`,
  meta: 'owners managers',
  service: 'external_ips node_ports ports source_ranges ingress selectors',
  ingress: 'hosts plain_hosts backends snippets',
  webhook: 'names targets failure_policies intercepts exempts',
  admission_policy: 'actions',
  csr: 'usages organizations conditions',
  network_policy: 'openings cidrs types',
  namespace: 'pod_security pod_security_removed',
  persistent_volume: 'dangerous',
  config_map: 'keys credential_keys',
  node: 'taints',
  token_request: 'audiences',
  review: 'groups',
  exec: 'classes',
  port_forward: 'ports',
  source: 'claimed_scopes',
  admission: 'mutated_by failed_open policy_failures',
  token: 'warnings',
};

const OF_THE_LOG = ['user.groups', 'impersonatedUser.groups', 'sourceIPs'];

const FIELDS = new Set([
  ...OF_THE_LOG,
  ...Object.entries(LISTS).flatMap(([group, names]) =>
    names.split(/\s+/).map((name) => (group === '' ? `kaudit.${name}` : `kaudit.${group}.${name}`)),
  ),
]);

export function isList(field: string): boolean {
  return FIELDS.has(field);
}
