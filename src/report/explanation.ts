import type { Condition, Definition, ExplainedEvent, Scalar } from '../query/index.ts';
import { safeText, wrap } from './safe-text.ts';
import { paint, type RenderOptions } from './style.ts';

/** The answer of each line stands in this many columns. */
const MARGIN = 5;
const LONGEST_VALUE = 60;

/** Why an investigation reports events or not, clause by clause. */
export function renderExplanations(
  definition: Definition,
  events: readonly ExplainedEvent[],
  options: RenderOptions,
): string {
  const lines = events.flatMap(({ event, explanation }) => {
    const { reported, conditions, noise, visible } = explanation;
    const verdict = verdictOf(definition, reported, conditions, noise);
    return [
      ...wrap(eventText(event), options.columns, 2),
      ...wrap(verdict, options.columns, 2).map((line) => paint(line, 'strong', options)),
      ...conditions.flatMap((condition) => conditionLines(condition, 0, options)),
      ...section('noise sets, each of which hides what it holds for', noise, options),
      ...section('what has to be logged for the answer to show', visible, options),
      '',
    ];
  });
  return lines.map((line) => `${line}\n`).join('');
}

function eventText(event: ExplainedEvent['event']): string {
  const { kaudit, ...rest } = event as Readonly<Record<string, unknown>> & { kaudit?: KauditPart };
  const words = [
    rest['@timestamp'],
    rest['stage'],
    kaudit?.actor?.name,
    rest['verb'],
    kaudit?.resource,
    kaudit?.object,
  ];
  return words
    .filter((word) => typeof word === 'string' && word !== '')
    .map((word) => safeText(String(word), LONGEST_VALUE))
    .join(' · ');
}

interface KauditPart {
  readonly actor?: { readonly name?: string };
  readonly resource?: string;
  readonly object?: string;
}

function verdictOf(
  definition: Definition,
  reported: boolean,
  conditions: readonly Condition[],
  noise: readonly Condition[],
): string {
  const { id } = definition;
  if (reported) return `${id} ${countsText(definition)}`;
  const failed = conditions.filter(({ holds }) => !holds).length;
  if (failed > 0) return `${id} does not report it: ${failed} of ${conditions.length} conditions fail`;
  const sets = noise.filter(({ holds }) => holds).map(({ says }) => says.split(':')[0]);
  return `${id} does not report it: hidden by ${sets.join(', ')}`;
}

/** Where one event makes no finding, what it takes. */
function countsText(definition: Definition): string {
  switch (definition.kind) {
    case 'events':
      return 'reports it';
    case 'threshold':
      return `counts it; ${definition.threshold.atLeast} within ${definition.threshold.within} make a finding`;
    case 'sequence':
      return 'looks at it; what makes a finding are its steps, which are not explained';
    case 'new-terms':
      return 'counts it; what makes a finding is that it was not seen before, which a file cannot tell';
    default:
      return 'counts it, together with others';
  }
}

function section(title: string, conditions: readonly Condition[], options: RenderOptions): readonly string[] {
  if (conditions.length === 0) return [];
  return [`     ${title}:`, ...conditions.flatMap((condition) => conditionLines(condition, 1, options))];
}

function conditionLines(condition: Condition, depth: number, options: RenderOptions): readonly string[] {
  const { says, holds, actual, parts } = condition;
  const margin = ' '.repeat(2 * depth);
  const text = safeText(says) + (actual === undefined || holds ? '' : `   (it has ${valuesText(actual)})`);
  const [first = '', ...rest] = wrap(text, options.columns - MARGIN - 2 * depth, 2);
  const answer = paint(holds ? 'yes' : 'no ', holds ? 'good' : 'bad', options);
  return [
    `${answer}  ${margin}${first}`,
    ...rest.map((line) => ' '.repeat(MARGIN) + margin + line),
    ...parts.flatMap((part) => conditionLines(part, depth + 1, options)),
  ];
}

function valuesText(values: readonly Scalar[]): string {
  if (values.length === 0) return 'none';
  return values.map((value) => safeText(String(value), LONGEST_VALUE)).join(', ');
}
