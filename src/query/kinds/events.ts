import type { JsonObject } from '../../shared/json.ts';
import { groupQuery, keyOf } from '../buckets.ts';
import { collectGroups } from '../collect.ts';
import type { DefinitionOf } from '../definition.ts';
import { type Groups, listed } from '../groups.ts';
import type { Reader } from '../scan.ts';
import { reportedQuery, type Scope } from '../scope.ts';
import type { Group } from '../types.ts';

type Events = DefinitionOf<'events'>;

/** Which requests match, grouped and measured. */
export async function runEvents(reader: Reader, definition: Events, scope: Scope): Promise<Groups> {
  const query = reportedQuery(definition, scope);
  if (!isOrderedByRequests(definition)) return await collectGroups(reader, definition, query);
  const page = await collectGroups(reader, definition, query, 1);
  return page.cut === undefined ? page : await measureListed(reader, definition, query);
}

/** Whether it is known which groups are listed before anything is measured. */
function isOrderedByRequests({ group: { by, show, order, having } }: Events): boolean {
  const isByCount = order === undefined || show[order] === 'requests';
  return isByCount && having === undefined && by.every((key) => typeof key === 'string');
}

/**
 * Of more groups than come on a page, all are counted and those measured that are listed: each page reads all requests
 * again, and measuring costs many times as much as counting.
 */
async function measureListed(reader: Reader, definition: Events, query: JsonObject): Promise<Groups> {
  const { order: _, ...group } = definition.group;
  const counting: Events = { ...definition, group: { ...group, show: {} } };
  const counted = await collectGroups(reader, counting, query);
  const { groups } = listed(counting, counted.groups);
  const should = groups.map(({ by }) => groupQuery(query, by));
  const measured = await collectGroups(reader, definition, { bool: { should, minimum_should_match: 1 } });
  const byKey = new Map(measured.groups.map((one) => [groupKey(one), one]));
  return { ...counted, groups: counted.groups.map((one) => byKey.get(groupKey(one)) ?? one) };
}

function groupKey({ by }: Group): string {
  return keyOf(Object.values(by));
}
