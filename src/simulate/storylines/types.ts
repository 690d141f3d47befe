import { pathOf } from '../paths.ts';
import type { Actor, Ref, SimulatedRequest } from '../request.ts';

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
  /** Investigations that must fire because of it. */
  readonly mustFire: readonly string[];
  /** Those of them that need the bodies of requests. */
  readonly needsBodies: readonly string[];
  readonly steps: readonly Step[];
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
