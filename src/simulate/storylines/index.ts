import * as credentialAccess from './credential-access.ts';
import * as defenseEvasion from './defense-evasion.ts';
import * as execution from './execution.ts';
import * as hostAccess from './host-access.ts';
import * as impact from './impact.ts';
import * as initialAccess from './initial-access.ts';
import * as lateralMovement from './lateral-movement.ts';
import * as persistence from './persistence.ts';
import * as rbac from './rbac.ts';
import type { Storyline } from './types.ts';

export { firedAt, type Step, type Storyline } from './types.ts';

/** The attacks whose answer is known: every storyline of a file, the files in the order of an attack. */
export const STORYLINES: readonly Storyline[] = [
  initialAccess,
  execution,
  persistence,
  rbac,
  hostAccess,
  defenseEvasion,
  credentialAccess,
  lateralMovement,
  impact,
].flatMap((stories): readonly Storyline[] => Object.values(stories));
