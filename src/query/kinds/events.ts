import { collectGroups } from '../collect.ts';
import type { Definition } from '../definition.ts';
import type { Groups } from '../groups.ts';
import type { Reader } from '../scan.ts';
import { reportedQuery, type Scope } from '../scope.ts';

/** Which requests match, grouped and measured. */
export function runEvents(reader: Reader, definition: Definition, scope: Scope): Promise<Groups> {
  return collectGroups(reader, definition, reportedQuery(definition, scope));
}
