import { eachBucket, keyOf, sourcesOf, tupleIn } from '../buckets.ts';
import { collectGroups } from '../collect.ts';
import type { DefinitionOf } from '../definition.ts';
import type { Groups } from '../groups.ts';
import type { Reader } from '../scan.ts';
import { matchQuery, reportedQuery, type Scope } from '../scope.ts';
import { metricOf } from '../search.ts';

/** Which requests have a combination of values that hardly any other has. */
export async function runRare(reader: Reader, definition: DefinitionOf<'rare'>, scope: Scope): Promise<Groups> {
  const { fields, atMost, distinct, among } = definition.rare;
  // What noise does often is not rare when a person does it: noise hides, and does not make rare.
  const query = matchQuery(definition, scope);
  const { total } = await reader.search({ query });
  if (total < among) {
    const unseen = `${total} requests match: among fewer than ${among}, nothing is called rare`;
    return { groups: [], requests: 0, unseen };
  }
  const rare = new Set<string>();
  const aggs =
    distinct === undefined ? {} : { distinct: { cardinality: { field: distinct, precision_threshold: 10_000 } } };
  await eachBucket(reader.search, { query, sources: sourcesOf(fields), aggs }, (bucket, key) => {
    const count = distinct === undefined ? bucket['doc_count'] : metricOf(bucket, 'distinct');
    if (Number(count) <= atMost) rare.add(keyOf(tupleIn(key, fields)));
  });
  const all = await collectGroups(reader, definition, reportedQuery(definition, scope));
  const groups = all.groups.filter(({ by }) => rare.has(keyOf(fields.map((field) => by[field] ?? null))));
  return {
    groups,
    requests: groups.reduce((sum, { requests }) => sum + requests, 0),
    ...(all.cut && { cut: all.cut }),
  };
}
