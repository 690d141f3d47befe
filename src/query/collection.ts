import type { Definition, Problems } from './definition.ts';
import type { FieldTypes } from './fields.ts';
import { kqlOfKind } from './kinds/check.ts';
import { type KqlNode, parseKql } from './kql.ts';
import type { Investigation, Library } from './library.ts';
import { isList } from './list-facts.ts';
import { emptyEntries, type Pack } from './pack.ts';
import { parseDuration } from './time.ts';

/** Facts that come out of the bodies of requests, which only Request and RequestResponse log (mappings/sources.json). */
const BODY_FACTS = new RegExp(
  `^kaudit\\.(${[
    ...['rbac', 'pod', 'meta', 'workload', 'service', 'ingress', 'webhook', 'api_service', 'admission_policy', 'csr'],
    ...['network_policy', 'namespace', 'quota', 'limits', 'disruption_budget', 'persistent_volume', 'admin_access'],
    ...['config_map', 'node', 'lease_holder', 'gitops_suspended', 'token_request', 'review'],
    ...['secret_keys', 'secret_type'],
  ].join('|')})(\\.|$)`,
);

/** What only shows when valid files are looked at together, or against each other; by the file that it is about. */
export function checkCollection({ investigations, packs }: Library, fields: FieldTypes): ReadonlyMap<string, Problems> {
  const titles = new Map<string, string>();
  const found = new Map<string, Problems>();
  for (const { definition, file } of investigations) {
    const twin = titles.get(definition.title.toLowerCase());
    titles.set(definition.title.toLowerCase(), definition.id);
    found.set(file, [
      ...(twin === undefined ? [] : [`title: ${twin} has the same`]),
      ...scenarioProblems(definition),
      ...requirementProblems(definition, fields),
      ...scheduleProblems(definition),
      ...parameterProblems(definition),
    ]);
  }
  for (const pack of packs.values()) found.set(pack.file, packProblems(pack, investigations));
  return found;
}

function packProblems(pack: Pack, investigations: readonly Investigation[]): Problems {
  return emptyEntries(pack, investigations).map((entry) => `investigations: ${entry} names no investigation`);
}

/** A question that is never answered yes, or never no, is not tested. */
function scenarioProblems({ scenarios }: Definition): Problems {
  const matching = scenarios.filter(({ expect }) => expect.requests > 0).length;
  const silent = scenarios.length - matching;
  if (matching >= 2 && silent >= 2) return [];
  return [`scenarios: ${matching} that match and ${silent} that do not; at least two of each are wanted`];
}

/** Whatever part of the question asks for a body, not the filter alone. */
function requirementProblems(definition: Definition, fields: FieldTypes): Problems {
  const { match, requires } = definition;
  if (requires.level === 'Request' || requires.level === 'RequestResponse') return [];
  const asked = [{ place: 'match', query: match }, ...kqlOfKind(definition)];
  return asked.flatMap(({ place, query }) => {
    const fact = fieldsOf(parseKql(query, fields)).find(isBodyFact);
    return fact === undefined
      ? []
      : [`requires.level: ${fact} in ${place} comes from a body, which needs Request or more`];
  });
}

/** Who may write a list puts a value on it that is left out, and hides all that stands beside it. */
function parameterProblems({ parameters }: Definition): Problems {
  return Object.entries(parameters).flatMap(([name, { field, exclude }]) =>
    exclude && isList(field)
      ? [`parameters.${name}: one event has several ${field}, and one of them would hide it`]
      : [],
  );
}

/** Two looks have to overlap by as long as what is looked for may take: it may begin right before the end of one. */
function scheduleProblems(definition: Definition): Problems {
  const { every, lookback } = definition.schedule;
  const within = spanOf(definition);
  const needed = (parseDuration(every) ?? 0) + (within === undefined ? 0 : (parseDuration(within) ?? 0));
  if ((parseDuration(lookback) ?? 0) >= needed) return [];
  return within === undefined
    ? [`schedule.lookback: ${lookback} is less than every ${every}: what comes between is never looked at`]
    : [
        `schedule.lookback: ${lookback} is less than every ${every} and within ${within}: what spans two looks is in neither`,
      ];
}

function spanOf(definition: Definition): string | undefined {
  if (definition.kind === 'threshold') return definition.threshold.within;
  return definition.kind === 'sequence' ? definition.sequence.within : undefined;
}

export function isBodyFact(field: string): boolean {
  return BODY_FACTS.test(field);
}

/** The fields that a query names. */
export function fieldsOf(node: KqlNode): readonly string[] {
  if (node.kind === 'clause') return [node.field];
  return node.kind === 'not' ? fieldsOf(node.part) : node.parts.flatMap(fieldsOf);
}
