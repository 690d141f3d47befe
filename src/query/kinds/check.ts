/** What the schema cannot say of the options of a kind. */
import type { Definition, Problems } from '../definition.ts';
import type { FieldTypes } from '../fields.ts';
import { checkKql } from '../kql.ts';
import { parseDuration } from '../time.ts';
import type { SequenceOptions } from './options.ts';

export interface PlacedKql {
  readonly place: string;
  readonly query: string;
}

export function kindProblems(definition: Definition, fields: FieldTypes): Problems {
  return [
    ...kqlOfKind(definition).flatMap(({ place, query }) => {
      const problem = checkKql(query, fields);
      return problem === undefined ? [] : [`${place}: ${problem}`];
    }),
    ...fieldsOfKind(definition)
      .filter((name) => !fields.has(name))
      .map((name) => `${name} is no field of the mapping`),
    ...stageProblems(definition),
    ...optionProblems(definition),
  ];
}

/** The KQL that only this kind has. */
export function kqlOfKind(definition: Definition): readonly PlacedKql[] {
  const placed = (place: string, query: string | undefined): readonly PlacedKql[] =>
    query === undefined ? [] : [{ place, query }];
  switch (definition.kind) {
    case 'threshold':
      return placed('threshold.heavy.match', definition.threshold.heavy?.match);
    case 'new-terms':
      return placed('newTerms.of', definition.newTerms.of);
    case 'sequence':
      return [
        ...definition.sequence.steps.flatMap(({ match }, at) => placed(`sequence.steps.${at}.match`, match)),
        ...placed('sequence.without', definition.sequence.without),
      ];
    default:
      return [];
  }
}

/** The fields that this kind counts or compares. */
export function fieldsOfKind(definition: Definition): readonly string[] {
  const some = (name: string | undefined): readonly string[] => (name === undefined ? [] : [name]);
  switch (definition.kind) {
    case 'threshold':
      return some(definition.threshold.distinct);
    case 'new-terms':
      return definition.newTerms.fields;
    case 'rare':
      return [...definition.rare.fields, ...some(definition.rare.distinct)];
    case 'sequence':
      return [...definition.sequence.by, ...definition.sequence.steps.flatMap(({ by, show }) => [...(by ?? []), show])];
    case 'spike':
      return some(definition.spike.distinct);
    default:
      return [];
  }
}

/** Kinds that count or order by themselves take the one event that ends a request for the request. */
function stageProblems({ kind, stages }: Definition): Problems {
  if (stages === undefined || kind === 'events' || kind === 'new-terms') return [];
  return [`stages: ${kind} counts ends of requests; only events and new-terms take stages`];
}

function optionProblems(definition: Definition): Problems {
  switch (definition.kind) {
    case 'threshold': {
      const { heavy, distinct } = definition.threshold;
      return heavy !== undefined && distinct !== undefined
        ? ['threshold: requests are either weighed (heavy) or counted by distinct values']
        : [];
    }
    case 'new-terms':
      return ungrouped('newTerms.fields', definition.newTerms.fields, definition.group.by);
    case 'rare':
      return ungrouped('rare.fields', definition.rare.fields, definition.group.by);
    case 'sequence':
      return sequenceProblems(definition.sequence, definition.group.show);
    case 'spike': {
      const { every, baseline } = definition.spike;
      const slots = (parseDuration(baseline) ?? 0) / (parseDuration(every) ?? 1);
      return slots < 4 ? ['spike.baseline: at least four times as long as spike.every'] : [];
    }
    case 'gap':
      return definition.group.by.includes('kaudit.cluster')
        ? []
        : ['group.by: name kaudit.cluster: what is silent in one cluster may go on in another'];
    case 'events':
      return [];
  }
}

function ungrouped(place: string, fields: readonly string[], by: readonly string[]): Problems {
  return fields.filter((name) => !by.includes(name)).map((name) => `${place}: ${name} must be in group.by, too`);
}

function sequenceProblems({ by, steps }: SequenceOptions, show: Definition['group']['show']): Problems {
  const names = steps.map(({ name }) => name);
  return [
    ...steps.flatMap((step, at) =>
      step.by !== undefined && step.by.length !== by.length
        ? [`sequence.steps.${at}.by: as many fields as sequence.by`]
        : [],
    ),
    ...names.flatMap((name, at) =>
      names.indexOf(name) < at || Object.hasOwn(show, name)
        ? [`sequence.steps.${at}.name: there is ${name} already`]
        : [],
    ),
  ];
}
