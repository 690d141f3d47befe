import { stringify } from 'yaml';
import { KauditError } from '../../shared/errors.ts';
import { fieldsOf, isBodyFact } from '../collection.ts';
import type { FieldTypes } from '../fields.ts';
import { parseKql } from '../kql.ts';
import type { Severity } from '../types.ts';
import { ConditionProblem } from './condition.ts';
import { parseSigmaRule, type SigmaRule } from './rule.ts';
import { type Translation, translateRule } from './to-kql.ts';

export interface Imported {
  readonly id: string;
  /** An investigation to be finished: it has no scenarios yet, and is not valid before it has. */
  readonly source: string;
  /** What of the rule it does not say. It matches more for that, and less only where case differs: here case counts. */
  readonly notes: readonly string[];
}

const SEVERITY: Readonly<Record<NonNullable<SigmaRule['level']>, Severity>> = {
  informational: 'info',
  low: 'low',
  medium: 'medium',
  high: 'high',
  critical: 'critical',
};

/** Writes a Sigma rule as an investigation. Throws `invalid-query` where nothing of it can be said. */
export function importSigma(source: string, file: string, fields: FieldTypes): Imported {
  const rule = parseSigmaRule(source, file);
  const { match, parts, notes } = translated(rule, file, fields);
  const id = idOf(rule.title);
  const caseNote =
    'values: Sigma does not mind case, and here case counts, so that what is written otherwise is missed';
  return { id, source: render(id, rule, match, parts, [...notes, caseNote], fields), notes: [...notes, caseNote] };
}

function translated(rule: SigmaRule, file: string, fields: FieldTypes): Translation & { readonly match: string } {
  try {
    const translation = translateRule(rule, fields);
    if (translation.match !== undefined) return { ...translation, match: translation.match };
    throw cannot(file, translation.notes.join('; '));
  } catch (error) {
    if (error instanceof ConditionProblem) throw cannot(file, error.message);
    throw error;
  }
}

function cannot(file: string, why: string): KauditError {
  return new KauditError('invalid-query', `Nothing of ${file} can be said in KQL over our fields: ${why}.`, {
    hint: 'kaudit query new writes a skeleton to put the question into by hand.',
  });
}

/** `Privileged Container Deployed` is privileged-container-deployed. */
function idOf(title: string): string {
  const id = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  return id === '' ? 'imported-rule' : id;
}

function render(
  id: string,
  rule: SigmaRule,
  match: string,
  parts: readonly string[],
  notes: readonly string[],
  fields: FieldTypes,
): string {
  const from = [rule.title, rule.id, rule.author && `by ${rule.author}`].filter((text) => text !== undefined);
  const comments = [
    `From the Sigma rule ${from.join(', ')}.`,
    'Not valid before its scenarios are filled; lines with FILL are for you.',
    ...notes.map((note) => `Not as in the rule: ${note}`),
    ...(rule.references ?? []).map((reference) => `See ${reference}`),
  ];
  const techniques = (rule.tags ?? []).flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1] ?? []);
  const falsePositives = (rule.falsepositives ?? []).filter((text) => !/^unknown$/i.test(text));
  const definition = {
    id,
    version: 1,
    title: oneLine(rule.title),
    question: oneLine(rule.description ?? 'FILL'),
    severity: SEVERITY[rule.level ?? 'medium'],
    attack: techniques.map((technique) => technique.toUpperCase()),
    kind: 'events',
    match,
    requires: requirement(match, parts, fields),
    group: {
      by: ['kaudit.actor.name', 'kaudit.resource', 'kaudit.object'],
      show: {
        requests: 'requests',
        verbs: { values: 'verb' },
        outcomes: { values: 'kaudit.outcome' },
        from: { values: 'kaudit.source.ip' },
        first: { min: '@timestamp' },
      },
      order: 'requests',
    },
    schedule: { every: '1h', lookback: '2h' },
    falsePositives: (falsePositives.length > 0 ? falsePositives : ['FILL']).map((what) => ({
      what: oneLine(what),
      tell: 'FILL: how it looks different',
    })),
    next: ['FILL: what to do with a finding'],
  };
  const comment = comments.map((text) => `# ${oneLine(text)}\n`).join('');
  return `${comment}${stringify(definition, { lineWidth: 110 })}${SCENARIOS}`;
}

const SCENARIOS = `# FILL: at least two that match and two that do not; kaudit query new shows how they are written.
scenarios: []
`;

/** Facts out of bodies need bodies; the other conditions tell whose. */
function requirement(match: string, parts: readonly string[], fields: FieldTypes): object {
  const needsBody = (query: string): boolean => fieldsOf(parseKql(query, fields)).some(isBodyFact);
  if (!needsBody(match)) return { level: 'Metadata' };
  const others = parts.filter((part) => !needsBody(part));
  return { level: 'Request', of: others.length === 0 ? 'kaudit.action: write' : others.join(' and ') };
}

/** A rule is somebody's text: no line of it may become a line of ours. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
