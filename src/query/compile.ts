import type { JsonObject } from '../audit/event.ts';
import type { Definition } from './definition.ts';
import { groupsRequest } from './groups.ts';
import { reportedQuery, type Scope } from './scope.ts';
import { COUNTED } from './search.ts';

/** The body of the search that a definition begins with: the first page of its groups. Pure. */
export function compileSearch(definition: Definition, scope: Scope): JsonObject {
  return { ...COUNTED, ...groupsRequest(definition, reportedQuery(definition, scope)) };
}
