import { readFileSync } from 'node:fs';
import { KauditError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json.ts';
import type { Cluster } from './cluster.ts';
import { refusal } from './failures.ts';

export const TEMPLATE = 'kaudit-events';
/** The template of the history of loads. */
const LOADS_TEMPLATE = 'kaudit-loads';

export interface Template {
  readonly index_patterns: readonly string[];
  readonly _meta: { readonly managed_by: string; readonly version: number };
  readonly template: {
    readonly settings: { readonly index: { readonly mapping: { readonly total_fields?: JsonObject } } };
    readonly mappings: JsonObject & { readonly properties: JsonObject };
  };
}

/** The index template as it is sent: `mappings/events.json` with the aliases of `mappings/aliases.json` grown into it. */
export function readTemplate(): Template {
  const template = readMapping('events.json') as Template;
  const aliases = readMapping('aliases.json') as { readonly [name: string]: string };
  const { mappings } = template.template;
  const properties = Object.entries(aliases).reduce(
    (tree, [name, path]) => plant(tree, name.split('.'), { type: 'alias', path }),
    mappings.properties,
  );
  return { ...template, template: { ...template.template, mappings: { ...mappings, properties } } };
}

/** Files of `mappings/` lie two folders above this one, in src and in dist alike. */
function readMapping(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../mappings/${file}`, import.meta.url), 'utf8'));
}

/** Puts a field into a tree of properties, making the objects on its way. */
function plant(properties: JsonObject, [key = '', ...rest]: readonly string[], field: JsonObject): JsonObject {
  const known = properties[key];
  if (rest.length === 0) {
    if (known !== undefined) throw new KauditError('internal', `Two fields of the mapping have the name ${key}.`);
    return { ...properties, [key]: field };
  }
  const below = isObject(known) && isObject(known['properties']) ? known['properties'] : {};
  return { ...properties, [key]: { ...(isObject(known) && known), properties: plant(below, rest, field) } };
}

export type SetupResult = 'created' | 'updated' | 'unchanged';

/** Puts the templates in place; indices that exist get the fields that a newer template adds. Idempotent. */
export async function setup(cluster: Cluster): Promise<SetupResult> {
  const events = await install(cluster, TEMPLATE, readTemplate());
  const loads = await install(cluster, LOADS_TEMPLATE, readMapping('loads.json') as Template);
  return events === 'unchanged' ? loads : events;
}

async function install(cluster: Cluster, name: string, template: Template): Promise<SetupResult> {
  const installed = await installedVersion(cluster, name);
  const version = template._meta.version;
  if (installed !== undefined && installed > version) {
    throw new KauditError(
      'mapping-newer',
      `${cluster.url} has the mapping ${name} in version ${installed}; this kaudit brings ${version}.`,
      {
        hint: 'Use the kaudit that set it up, or a newer one.',
      },
    );
  }
  if (installed === version) return 'unchanged';
  const { settings, mappings } = template.template;
  const indices = `/${template.index_patterns.join(',')}`;
  // An index keeps the limit that it was created with, and a newer mapping may be larger.
  const { total_fields: limit } = settings.index.mapping;
  if (limit !== undefined) await putToAll(cluster, `${indices}/_settings`, { mapping: { total_fields: limit } });
  // Fields only: an update replaces an index's whole `_meta`, where its namespace's layout and its tuning stand.
  await putToAll(cluster, `${indices}/_mapping`, { properties: mappings.properties });
  // Last, since its version says that all of it is done.
  await cluster.ask('PUT', `/_index_template/${name}`, template);
  return installed === undefined ? 'created' : 'updated';
}

const MOST_TRIES = 5;

/** Again where an index went away between finding it and changing it. */
async function putToAll(cluster: Cluster, indexPath: string, body: JsonObject): Promise<void> {
  const path = `${indexPath}?allow_no_indices=true&ignore_unavailable=true`;
  for (let tries = 1; ; tries += 1) {
    const response = await cluster.send({ method: 'PUT', path, body: JSON.stringify(body) });
    if (response.status === 200) return;
    if (response.status !== 404 || tries === MOST_TRIES) throw refusal(response, `PUT ${indexPath}`, cluster.url);
  }
}

async function installedVersion(cluster: Cluster, name: string): Promise<number | undefined> {
  const path = `/_index_template/${name}`;
  const response = await cluster.send({ method: 'GET', path });
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw refusal(response, `GET ${path}`, cluster.url);
  const [entry] =
    isObject(response.body) && Array.isArray(response.body['index_templates']) ? response.body['index_templates'] : [];
  const template: unknown = isObject(entry) ? entry['index_template'] : undefined;
  const meta = isObject(template) ? template['_meta'] : undefined;
  if (isObject(meta) && meta['managed_by'] === 'kaudit') return Number(meta['version']);
  throw new KauditError('server-refused', `${cluster.url} has an index template ${name} that is not kaudit's.`, {
    hint: 'Remove or rename it, then run kaudit setup again.',
  });
}

export interface NewIndex {
  readonly alias?: string;
  readonly settings?: JsonObject;
  /** Added to the `_meta` of the template. */
  readonly meta?: JsonObject;
}

/**
 * Creates an index behind its alias, unless it is there. The bulk API would create it too, and leave the alias out.
 * Of several who create it at once, one has `created`.
 */
export async function ensureIndex(
  cluster: Cluster,
  index: string,
  { alias, settings, meta }: NewIndex,
): Promise<'created' | 'exists'> {
  const body = {
    ...(alias !== undefined && { aliases: { [alias]: {} } }),
    ...(settings !== undefined && { settings }),
    ...(meta !== undefined && { mappings: { _meta: meta } }),
  };
  const response = await cluster.send({ method: 'PUT', path: `/${index}`, body: JSON.stringify(body) });
  if (response.status === 200) return 'created';
  const failure = isObject(response.body) ? response.body['error'] : undefined;
  if (isObject(failure) && failure['type'] === 'resource_already_exists_exception') return 'exists';
  throw refusal(response, `PUT /${index}`, cluster.url);
}

/** What tells an index from a later one of the same name; empty where there is none. */
export async function indexId(cluster: Cluster, index: string): Promise<string> {
  const path = `/${index}/_settings/index.uuid?flat_settings=true`;
  const { body } = await cluster.send({ method: 'GET', path });
  const entry = isObject(body) ? body[index] : undefined;
  const settings = isObject(entry) ? entry['settings'] : undefined;
  return isObject(settings) ? String(settings['index.uuid'] ?? '') : '';
}
