/** The indices that are loaded into, and the mappings that they are compared with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KAUDIT_INDICES } from './contenders/kaudit.ts';
import type { Destination } from './measure.ts';

type Properties = { readonly [name: string]: object };

export interface IndexBody {
  readonly settings: { readonly index: { readonly [name: string]: unknown } };
  readonly mappings: { readonly properties: Properties; readonly [name: string]: unknown };
}

const MAPPING = join(import.meta.dirname, '../../mappings/events.json');

/** The index that kaudit makes, without the aliases, which cost nothing. */
export function kauditIndex(): IndexBody {
  const { template } = JSON.parse(readFileSync(MAPPING, 'utf8')) as { template: IndexBody };
  return template;
}

export const KAUDIT: Destination = { index: KAUDIT_INDICES };

/** What a loader gets that says nothing: every field is found and indexed by the server. */
export const DEFAULT: Destination = { index: 'bench-default' };

/** kaudit's mapping of an event and its index settings, for documents that have no facts. */
export function mappedDestination(): Destination {
  const { settings, mappings } = kauditIndex();
  const { kaudit: _, data_stream: __, ...properties } = mappings.properties;
  return { index: 'bench-mapped', create: { settings, mappings: { ...mappings, properties } } };
}
