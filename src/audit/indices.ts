import { KauditError } from '../shared/errors.ts';

/** Events of a namespace, in all its months. Elastic's rules search `logs-kubernetes.audit_logs-*`. */
export function eventsAlias(namespace: string): string {
  return `logs-kubernetes.audit_logs-${namespace}`;
}

/** The index of a month (`2026.03`) or of `undated` events. */
export function eventsIndex(namespace: string, month: string): string {
  return `kaudit-events-${namespace}-${month}`;
}

/** Events whose id another event has: kept aside, so that neither is lost nor counted twice. */
export function variantsIndex(namespace: string): string {
  return `kaudit-variants-${namespace}`;
}

/** Elasticsearch takes lower case in index names, and our own pattern needs the rest. */
export function requireNamespace(namespace: string): string {
  if (/^[a-z0-9][a-z0-9_.]{0,99}$/.test(namespace)) return namespace;
  throw new KauditError('usage', `"${namespace}" cannot be a namespace of the index.`, {
    hint: 'Use lower-case letters, digits, "_" and ".", such as prod or team_a.',
  });
}
