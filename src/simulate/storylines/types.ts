import { pathOf } from '../paths.ts';
import { type Actor, LEVEL_CHOICES, type LevelChoice, type Ref, type SimulatedRequest } from '../request.ts';

/** One request of an attack. */
export interface Step {
  /** Seconds after its beginning. */
  readonly at: number;
  readonly request: SimulatedRequest;
}

export interface Storyline {
  readonly name: string;
  readonly summary: string;
  /** ATT&CK techniques. */
  readonly attack: readonly string[];
  readonly actor: string;
  /** Investigations that must fire because of it, by the least level that shows them enough. */
  readonly mustFire: Readonly<Partial<Record<LevelChoice, readonly string[]>>>;
  readonly steps: readonly Step[];
}

/** What must fire where the log is of that level: a level shows what those below it show. */
export function firedAt(level: LevelChoice, { mustFire }: Storyline): readonly string[] {
  return LEVEL_CHOICES.slice(0, LEVEL_CHOICES.indexOf(level) + 1).flatMap((lower) => mustFire[lower] ?? []);
}

export function step(at: number, actor: Actor, verb: string, ref: Ref, more: Partial<SimulatedRequest> = {}): Step {
  const code = verb === 'create' ? 201 : 200;
  return {
    at,
    request: { actor, verb, uri: pathOf(ref), ref, code, latencyMicros: 2400 + ((at * 37) % 1900), ...more },
  };
}

/** So many steps, so many seconds apart. */
export function repeat(
  times: number,
  from: number,
  every: number,
  make: (at: number, index: number) => Step,
): readonly Step[] {
  return Array.from({ length: times }, (_, index) => make(from + index * every, index));
}
