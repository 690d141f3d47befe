/** What the tests of the simulator share: a log made and read, and counting in it. */
import { type AuditEvent, parseEvent } from '../../src/audit/event.ts';
import { factsOf } from '../../src/audit/facts/index.ts';
import type { EventFacts } from '../../src/audit/facts/types.ts';
import { type SimulateOptions, STORYLINES, simulate } from '../../src/simulate/index.ts';

export type Timed = EventFacts & { readonly at: number };

export const ALL = STORYLINES.map(({ name }) => name);
export const DAY: SimulateOptions = {
  events: 3000,
  seed: 1,
  level: 'mixed',
  start: Date.UTC(2026, 2, 2),
  hours: 24,
  attacks: [],
};

export function run(options: Partial<SimulateOptions> = {}) {
  const { chunks, truth } = simulate({ ...DAY, ...options });
  const text = [...chunks].join('');
  const lines = text.split('\n').slice(0, -1);
  return { text, lines, events: lines.map(eventOf), truth: truth() };
}

function eventOf(line: string): AuditEvent {
  const parsed = parseEvent(JSON.parse(line));
  if (parsed.kind === 'rejected') throw new Error(parsed.reason);
  return parsed.event;
}

export function timed(event: AuditEvent): Timed {
  return { ...factsOf(event), at: event.stageMicros ?? 0 };
}

/** The most that share a key within a span of so many seconds. */
export function mostWithin(all: readonly Timed[], seconds: number, keyOf: (fact: Timed) => string | undefined): number {
  return Math.max(
    0,
    ...all.map((first) => {
      const near = (fact: Timed): boolean => fact.at >= first.at && fact.at < first.at + seconds * 1_000_000;
      return all.filter((fact) => keyOf(fact) === keyOf(first) && near(fact)).length;
    }),
  );
}
