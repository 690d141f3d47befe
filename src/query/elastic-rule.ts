import { eventsAlias } from '../audit/indices.ts';
import type { Definition } from './definition.ts';
import type { Investigation } from './library.ts';
import { reportedKql } from './one-kql.ts';
import { doesNotFit, type Exported, notesOfRule, requireFit } from './rule-limits.ts';
import type { Scope } from './scope.ts';
import { inWords, milliseconds } from './time.ts';
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
  requireFit(definition, scope);
  const [level, score] = RISK[severity];
  const lookback = lookbackOf(definition);
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
    from: `now-${lookback / 1000}s`,
    // A file that is loaded long after its events is as new to a rule as every other one.
    timestamp_override: 'kaudit.ingested',
    tags: ['Kubernetes', `category: ${category}`, ...attack],
    false_positives: falsePositives.map(({ what, tell }) => `${what}: ${tell}`),
    note: next.map((step) => `- ${step}`).join('\n'),
    enabled: false,
  };
  const notes = [
    ...notesOfRule(definition, scope),
    ...notesOfKind(definition),
    `what a load brings that takes longer than ${inWords(lookback - milliseconds(schedule.every))}: it shows when the load ends, dated by its beginning`,
  ];
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

function notesOfKind({ kind, group }: Definition): readonly string[] {
  if (kind !== 'threshold') return ['groups: each event alerts by itself'];
  return [
    'any span of that length: Elastic counts over each look-back, by when events were loaded',
    `requests without ${group.by.join(' or ')}: Elastic counts none of them`,
  ];
}

/**
 * Milliseconds. Runs begin `every` so often: a look-back that is no longer has holes between two runs, and a threshold
 * has to see all of a span that ends anywhere between them.
 */
function lookbackOf({ schedule: { every, lookback }, ...definition }: Definition): number {
  const span = definition.kind === 'threshold' ? milliseconds(definition.threshold.within) : 0;
  return Math.max(milliseconds(lookback), milliseconds(every) + span);
}
