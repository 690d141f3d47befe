import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { FieldTypes } from '../fields.ts';
import { type KqlClause, type KqlNode, parseKql } from '../kql.ts';
import type { Investigation } from '../library.ts';
import { countedKql, parametersKql } from '../one-kql.ts';
import { doesNotFit, type Exported, notesOfRule, requireFit } from '../rule-limits.ts';
import { noiseOf, type Scope } from '../scope.ts';
import { rawOf } from './raw.ts';

const LEVELS = { info: 'informational', low: 'low', medium: 'medium', high: 'high', critical: 'critical' } as const;

/** ATT&CK's tactics, as Sigma tags them; other folders name none. */
const TACTICS: ReadonlySet<string> = new Set([
  ...['reconnaissance', 'resource-development', 'initial-access', 'execution', 'persistence', 'privilege-escalation'],
  ...['defense-evasion', 'credential-access', 'discovery', 'lateral-movement', 'collection', 'command-and-control'],
  ...['exfiltration', 'impact'],
]);

/** Writes an investigation as a Sigma rule over the audit log's own fields; throws `invalid-query` where it does not fit. */
export function exportSigma({ definition, category }: Investigation, fields: FieldTypes, scope: Scope): Exported {
  const { id, kind, title, question, severity, attack, falsePositives, parameters } = definition;
  if (kind !== 'events') throw doesNotFit(id, `Sigma rules look at single events, and its kind is ${kind}`);
  requireFit(definition, scope);
  const asked = withoutDryRun(parseKql(definition.match, fields));
  const named = Object.entries(parameters).filter(([name]) => scope.parameters[name] !== undefined);
  const beside = [countedKql(definition), ...parametersKql(Object.fromEntries(named), scope.parameters)];
  const parts = [...beside.map((query) => parseKql(query, fields)), asked.node];
  const node: KqlNode = { kind: 'and', parts, text: '' };
  const selections = new Map<string, object>();
  const condition = conditionOf(
    rawOf(node, fields, (why) => doesNotFit(id, why)),
    selections,
  );
  const rule = {
    title,
    id: uuidOf(id),
    status: 'experimental',
    description: question,
    tags: [
      ...(TACTICS.has(category) ? [`attack.${category}`] : []),
      ...attack.map((technique) => `attack.${technique.toLowerCase()}`),
    ],
    logsource: { category: 'application', product: 'kubernetes', service: 'audit' },
    detection: { ...Object.fromEntries(selections), condition },
    falsepositives: falsePositives.map(({ what }) => what),
    level: LEVELS[severity],
  };
  const defaults = Object.entries(parameters).filter(
    ([name, { default: values }]) => scope.parameters[name] === undefined && values.length > 0,
  );
  return {
    text: stringify(rule, { lineWidth: 110 }),
    notes: [
      ...(asked.dropped ? ['dry runs are reported, too'] : []),
      ...noiseOf(definition, scope).map(({ id: set }) => `the noise set ${set} hides nothing there`),
      ...defaults.map(([name]) => `the parameter ${name} with its default`),
      ...(scope.cluster === undefined ? [] : [`the cluster ${scope.cluster}, which is no part of an audit log`]),
      ...notesOfRule(definition, scope),
    ],
  };
}

/** Whether a request is a dry run can stand in its URI and in its body: a rule goes without. */
function withoutDryRun(node: KqlNode): { readonly node: KqlNode; readonly dropped: boolean } {
  if (node.kind !== 'and') return { node, dropped: false };
  const parts = node.parts.filter(({ text }) => text !== 'not kaudit.dry_run: true');
  return { node: { ...node, parts }, dropped: parts.length < node.parts.length };
}

/** Every clause becomes a selection of its own, and the condition joins them as the query does. */
function conditionOf(node: KqlNode, selections: Map<string, object>): string {
  switch (node.kind) {
    case 'clause':
      return nameOf(itemOf(node), selections);
    case 'not':
      return `not ${bracketed(node.part, selections)}`;
    default: {
      const list = node.kind === 'or' ? sameField(node.parts) : undefined;
      if (list !== undefined) return nameOf(list, selections);
      return flattened(node)
        .map((part) => bracketed(part, selections))
        .join(` ${node.kind} `);
    }
  }
}

/** The parts, without brackets around what is joined by the same word. */
function flattened(node: Extract<KqlNode, { parts: readonly KqlNode[] }>): readonly KqlNode[] {
  return node.parts.flatMap((part) => (part.kind === node.kind ? flattened(part) : [part]));
}

function bracketed(node: KqlNode, selections: Map<string, object>): string {
  const text = conditionOf(node, selections);
  return text.includes(' ') && node.kind !== 'not' ? `(${text})` : text;
}

function nameOf(item: object, selections: Map<string, object>): string {
  const key = JSON.stringify(item);
  const known = [...selections].find(([, other]) => JSON.stringify(other) === key);
  const name = known?.[0] ?? `selection_${selections.size + 1}`;
  selections.set(name, item);
  return name;
}

/** Values of one field that are joined by `or` are a list. */
function sameField(parts: readonly KqlNode[]): object | undefined {
  const items = parts.map((part) => (part.kind === 'clause' ? Object.entries(itemOf(part))[0] : undefined));
  const [first] = items;
  if (first === undefined || items.some((item) => item?.[0] !== first[0])) return undefined;
  return { [first[0]]: items.map((item) => item?.[1]) };
}

const COMPARISONS = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' } as const;

function itemOf({ field, operator, value, quoted }: KqlClause): Readonly<Record<string, unknown>> {
  const text = value.replace(/\\(.)/g, '$1');
  if (operator !== ':') return { [`${field}|${COMPARISONS[operator]}`]: Number(text) };
  if (!quoted && value === '*') return { [`${field}|exists`]: true };
  if (/^\d+$/.test(text)) return { [field]: Number(text) };
  return { [field]: quoted ? text.replace(/\\(?=[*?\\])|[*?]/g, '\\$&') : text };
}

/** The same id for the same investigation, in the form of a UUID (RFC 9562, version 8). */
function uuidOf(id: string): string {
  const hex = createHash('sha256').update(`kaudit/${id}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
