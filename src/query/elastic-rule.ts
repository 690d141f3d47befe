import { eventsAlias } from '../audit/indices.ts';
import type { Definition } from './definition.ts';
import type { Investigation } from './library.ts';
import { reportedKql } from './one-kql.ts';
import type { Scope } from './scope.ts';
import { doesNotFit, type Exported } from './sigma/export.ts';
import type { Severity } from './types.ts';

/** Elastic's own scores for its severities; it knows no severity below low. */
const RISK: Readonly<Record<Severity, readonly [string, number]>> = {
  info: ['low', 21],
  low: ['low', 21],
  medium: ['medium', 47],
  high: ['high', 73],
  critical: ['critical', 99],
};

/**
 * A rule of Elastic's detection engine, as a line for its import, switched off: it needs the index that kaudit loads,
 * whose facts it names. Throws `invalid-query` where no type of rule says the same.
 */
export function exportElasticRule({ definition, category }: Investigation, scope: Scope, namespace: string): Exported {
  const { id, version, title, question, severity, attack, schedule, falsePositives, next } = definition;
  const [level, score] = RISK[severity];
  const rule = {
    rule_id: `kaudit-${id}`,
    version,
    name: title,
    description: question,
    severity: level,
    risk_score: score,
    ...typeOf(definition),
    index: [eventsAlias(namespace)],
    language: 'kuery',
    query: reportedKql(definition, scope),
    interval: schedule.every,
    from: `now-${lookbackOf(definition)}`,
    tags: ['Kubernetes', `category: ${category}`, ...attack],
    false_positives: falsePositives.map(({ what, tell }) => `${what}: ${tell}`),
    note: next.map((step) => `- ${step}`).join('\n'),
    enabled: false,
  };
  const notes = definition.kind === 'threshold' ? ['any span of that length: Elastic counts over each look-back'] : [];
  return { text: `${JSON.stringify(rule)}\n`, notes };
}

function typeOf(definition: Definition): object {
  const { id, kind, group } = definition;
  switch (definition.kind) {
    case 'events':
      return { type: 'query' };
    case 'threshold': {
      const { atLeast, distinct, heavy } = definition.threshold;
      if (heavy !== undefined) throw doesNotFit(id, 'a threshold of Elastic counts every event as one');
      if (group.by.length > 3) throw doesNotFit(id, 'Elastic groups by three fields at most');
      const cardinality = distinct === undefined ? [] : [{ field: distinct, value: atLeast }];
      return {
        type: 'threshold',
        threshold: { field: group.by, value: distinct === undefined ? atLeast : 1, cardinality },
      };
    }
    default:
      throw doesNotFit(id, `no type of Elastic's rules says what its kind, ${kind}, says`);
  }
}

/** A threshold has to see all of the span that it is about. */
function lookbackOf(definition: Definition): string {
  return definition.kind === 'threshold' ? definition.threshold.within : definition.schedule.lookback;
}
