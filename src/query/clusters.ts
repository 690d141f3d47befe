/**
 * The same name in two clusters is two actors, and what one cluster logs tells nothing of another one. So each cluster is
 * asked by itself, and what they answer is put together.
 */
import type { Definition } from './definition.ts';
import { listed } from './groups.ts';
import type { InvestigationResult, ResultStatus } from './types.ts';

/** What one cluster answers; `''` are the events without a name. */
export interface ClusterAnswer {
  readonly cluster: string;
  readonly result: InvestigationResult;
}

const FIELD = 'kaudit.cluster';

/** The answers of several clusters as one: each group says of which cluster it is. */
export function together(definition: Definition, answers: readonly ClusterAnswer[]): InvestigationResult {
  const results = answers.map(({ result }) => result);
  const [first] = results;
  if (first === undefined) throw new RangeError('no cluster answered');
  const all = answers.flatMap(({ cluster, result }) =>
    result.groups.map((group) => ({ ...group, by: { [FIELD]: cluster === '' ? null : cluster, ...group.by } })),
  );
  const { groups, more } = listed(definition, all);
  const reason = reasonOf(answers);
  const legend = results.find((result) => result.legend)?.legend;
  const remedy = results.find((result) => result.remedy)?.remedy;
  const units = Object.assign({}, ...results.map((result) => result.units)) as InvestigationResult['units'];
  return {
    ...first,
    status: statusOf(results.map(({ status }) => status)),
    matches: sum(results.map(({ matches }) => matches)),
    groups,
    moreGroups: more + sum(results.map(({ moreGroups }) => moreGroups)),
    ...(legend && { legend }),
    ...(units && Object.keys(units).length > 0 && { units }),
    ...(results.some(({ incomplete }) => incomplete) && { incomplete: true as const }),
    ...(reason !== undefined && { reason }),
    ...(remedy !== undefined && { remedy }),
  };
}

/** What was found stands. Nothing found is an answer only where every cluster gives it. */
function statusOf(all: readonly ResultStatus[]): ResultStatus {
  const [worst] = (['findings', 'error', 'not-observable'] as const).filter((status) => all.includes(status));
  return worst ?? 'none';
}

const MOST_NAMES = 3;

/** Each reason once, with the clusters that have it where not all do. */
function reasonOf(answers: readonly ClusterAnswer[]): string | undefined {
  const clusters = new Map<string, string[]>();
  for (const { cluster, result } of answers) {
    if (result.reason === undefined) continue;
    clusters.set(result.reason, [...(clusters.get(result.reason) ?? []), cluster || '(no cluster name)']);
  }
  if (clusters.size === 0) return undefined;
  const texts = [...clusters].map(([reason, names]) => {
    if (names.length === answers.length) return reason;
    const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
    return `${names.slice(0, MOST_NAMES).join(', ')}${more}: ${reason}`;
  });
  return texts.join('; ');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
