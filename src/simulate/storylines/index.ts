import { hostTakeover, impersonateAdmin, ransom, shellThenEscalate, stolenCiToken } from './insiders.ts';
import { anonymousRecon, passwordSpray } from './outsiders.ts';
import type { Storyline } from './types.ts';

export type { Step, Storyline } from './types.ts';

/** The attacks whose answer is known. */
export const STORYLINES: readonly Storyline[] = [
  stolenCiToken,
  shellThenEscalate,
  anonymousRecon,
  hostTakeover,
  impersonateAdmin,
  ransom,
  passwordSpray,
];
