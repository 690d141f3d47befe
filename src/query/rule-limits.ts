/** What rules of other systems cannot hold: refused where a rule would alert on what was not asked, else noted. */
import { KauditError } from '../shared/errors.ts';
import type { Definition } from './definition.ts';
import { missingParameters } from './parameters.ts';
import type { Scope } from './scope.ts';

export interface Exported {
  readonly text: string;
  /** What the rule does not say. */
  readonly notes: readonly string[];
}

export function doesNotFit(id: string, why: string): KauditError {
  return new KauditError('invalid-query', `${id} cannot be exported: ${why}.`);
}

/** Throws where a rule that leaves a part out would report other requests than the investigation does. */
export function requireFit(definition: Definition, scope: Scope): void {
  const { id, group } = definition;
  if (group.having !== undefined) {
    throw doesNotFit(id, `a rule has no bounds for ${Object.keys(group.having).join(' and ')} (group.having)`);
  }
  const missing = missingParameters(definition, scope.parameters);
  if (missing.length > 0) throw doesNotFit(id, `it is about one thing, which --param ${missing.join(' and ')} names`);
}

/** What no rule says. */
export function notesOfRule({ requires, stages = [] }: Definition, { window }: Scope): readonly string[] {
  const isDated = window.from !== undefined || window.to !== undefined;
  return [
    ...(isDated ? ['the window: a rule looks at what is new'] : []),
    ...(requires.level === 'Metadata' ? [] : [`that nothing can be seen of requests logged below ${requires.level}`]),
    ...(stages.length > 1 ? ['that a request logged at several stages is one: each of its events alerts'] : []),
  ];
}
