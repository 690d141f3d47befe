import { homedir } from 'node:os';
import { join } from 'node:path';
import { KauditError } from './errors.ts';

interface SettingDefinition {
  readonly name: string;
  readonly about: string;
  readonly default: string;
}

/** Every environment variable that kaudit reads, in the order of the README's table, which is generated from this list. */
export const SETTINGS = [
  { name: 'ELASTICSEARCH_URL', about: 'The cluster to use (8.19 or 9.x); unset: the embedded node', default: '' },
  { name: 'ELASTICSEARCH_API_KEY', about: 'API key (base64 form) for that cluster', default: '' },
  { name: 'ELASTICSEARCH_USERNAME', about: 'User for that cluster, when there is no API key', default: '' },
  { name: 'ELASTICSEARCH_PASSWORD', about: 'Password of that user', default: '' },
  { name: 'ELASTICSEARCH_CA_FILE', about: 'PEM file of the authority that signed its certificate', default: '' },
  { name: 'KIBANA_URL', about: 'The Kibana that `query show --kibana` links to', default: 'http://localhost:5601' },
  {
    name: 'KAUDIT_HOME',
    about: 'Everything local: embedded data, state, quarantine',
    default: '~/.local/share/kaudit; /var/lib/kaudit as root',
  },
  {
    name: 'KAUDIT_CACHE',
    about: 'Downloads, shared between homes',
    default: '~/.cache/kaudit; /var/cache/kaudit as root',
  },
  {
    name: 'KAUDIT_JAVA_HOME',
    about: 'JVM for the embedded node, before ES_JAVA_HOME, JAVA_HOME, PATH and usual folders',
    default: '',
  },
  { name: 'KAUDIT_MAVEN_MIRROR', about: 'Base address of a Maven mirror to download from', default: 'Maven Central' },
  {
    name: 'KAUDIT_ES_VERSION',
    about: 'Embedded version: 9.5.3, 9.4.3 or 8.19.21',
    default: '9.5.3; 8.19.21 where there is only Java 17',
  },
  { name: 'KAUDIT_ES_PORT', about: 'HTTP port of the embedded node', default: 'a free one' },
  { name: 'KAUDIT_ES_HEAP', about: 'Heap of the embedded node, such as 512m or 2g', default: '1g' },
  { name: 'KAUDIT_ES_JAVA_OPTS', about: 'Further options of its JVM, with blanks between them', default: '' },
  { name: 'JOB_COMPLETION_INDEX', about: 'Set by Kubernetes in an indexed Job: what --shard job/N loads', default: '' },
  { name: 'NO_COLOR', about: 'Any value: no colour', default: '' },
] as const satisfies readonly SettingDefinition[];

export type SettingName = (typeof SETTINGS)[number]['name'];

export interface Settings {
  /** Folder of everything local. An empty one is a fresh world. */
  readonly home: string;
  /** Folder of downloads. */
  readonly cache: string;
  /** The value of a setting, undefined where it is unset or empty. */
  readonly get: (name: SettingName) => string | undefined;
}

/**
 * Reads the settings from an environment.
 * As root the defaults lie under /var, because the embedded node runs as another user and root's home is closed to it.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env, isRoot = process.getuid?.() === 0): Settings {
  const get = (name: SettingName): string | undefined => env[name] || undefined;
  const data = isRoot ? '/var/lib' : env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  const cache = isRoot ? '/var/cache' : env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return { home: get('KAUDIT_HOME') ?? join(data, 'kaudit'), cache: get('KAUDIT_CACHE') ?? join(cache, 'kaudit'), get };
}

/** A setting that must be a whole number within bounds. */
export function integerSetting(settings: Settings, name: SettingName, min: number, max: number): number | undefined {
  const text = settings.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new KauditError(
    'invalid-configuration',
    `${name} is "${text}": expected a whole number from ${min} to ${max}.`,
  );
}
