import { collectGroups } from '../collect.ts';
import type { Definition } from '../definition.ts';
import type { Groups } from '../groups.ts';
import { reportedQuery, type Scope } from '../scope.ts';
import type { Search } from '../search.ts';

/** Which requests match, grouped and measured. */
export function runEvents(search: Search, definition: Definition, scope: Scope): Promise<Groups> {
  return collectGroups(search, definition, reportedQuery(definition, scope));
}
