import type { JsonObject } from '../shared/json.ts';
import type { Definition } from './definition.ts';
import { groupsRequest } from './groups.ts';
import { scanBody } from './kinds/sequence.ts';
import { reportedQuery, type Scope } from './scope.ts';
import { COUNTED } from './search.ts';

/**
 * The body of the search that tells what matches: the first page of its groups, or of the requests that may be steps.
 * Kinds that compare ask more: what was before, what is usual, when. Pure.
 */
export function compileSearch(definition: Definition, scope: Scope): JsonObject {
  if (definition.kind === 'sequence') return scanBody(definition, scope);
  return { ...COUNTED, ...groupsRequest(definition, reportedQuery(definition, scope)) };
}
