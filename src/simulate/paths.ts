import type { Ref } from './request.ts';

/** The URI of an object or a collection, as clients write it. */
export function pathOf({ resource, namespace, name, apiGroup, apiVersion = 'v1', subresource }: Ref): string {
  const root = apiGroup === undefined ? `/api/${apiVersion}` : `/apis/${apiGroup}/${apiVersion}`;
  // A namespace is in itself, by its objectRef, and in none by its path.
  const scope = namespace === undefined || resource === 'namespaces' ? '' : `/namespaces/${namespace}`;
  return `${root}${scope}/${resource}${below(name)}${below(subresource)}`;
}

function below(part: string | undefined): string {
  return part === undefined ? '' : `/${part}`;
}
