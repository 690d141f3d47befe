import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditEvent, parseEvent } from '../../src/audit/event.ts';
import { factsOf } from '../../src/audit/facts/index.ts';
import { type SimulateOptions, STORYLINES, simulate } from '../../src/simulate/index.ts';
import { goJson } from '../../src/simulate/request.ts';

const ALL = STORYLINES.map(({ name }) => name);
const DAY: SimulateOptions = {
  events: 3000,
  seed: 1,
  level: 'mixed',
  start: Date.UTC(2026, 2, 2),
  hours: 24,
  attacks: [],
};

function run(options: Partial<SimulateOptions> = {}) {
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

describe('a simulated log', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(run({ attacks: ALL }).text).toBe(run({ attacks: ALL }).text);
    expect(run({ seed: 2 }).text).not.toBe(run().text);
  });

  it('has exactly as many events as asked for, in the order of their stages', () => {
    const options = fc.record({
      events: fc.integer({ min: 1, max: 400 }),
      seed: fc.nat(),
      hours: fc.double({ min: 0.01, max: 48, noNaN: true }),
    });
    fc.assert(
      fc.property(options, (some) => {
        const times = run(some).events.map(({ stageMicros }) => Number(stageMicros));
        expect(times).toHaveLength(some.events);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }),
      { numRuns: 40 },
    );
  });

  it('is written as an API server writes: order of keys, six digits, escapes of Go', () => {
    const order = [
      'kind',
      'apiVersion',
      'level',
      'auditID',
      'stage',
      'requestURI',
      'verb',
      'user',
      'impersonatedUser',
      'sourceIPs',
      'userAgent',
      'objectRef',
      'responseStatus',
      'requestObject',
      'responseObject',
      'requestReceivedTimestamp',
      'stageTimestamp',
      'annotations',
    ];
    const { lines } = run({ attacks: ALL, level: 'requestresponse' });
    for (const line of lines) {
      const keys = Object.keys(JSON.parse(line) as object);
      expect(keys).toEqual(order.filter((key) => keys.includes(key)));
      expect(line).toMatch(/"stageTimestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"/);
      expect(line).not.toMatch(/[<>&\u2028]/);
    }
    expect(goJson({ a: '<&>\u2028' })).toBe('{"a":"\\u003c\\u0026\\u003e\\u2028"}');
  });

  it('tells the truth about itself', () => {
    const { events, truth } = run({ attacks: ALL });
    const count = (test: (event: AuditEvent) => boolean): number => events.filter(test).length;
    expect(truth.events).toBe(events.length);
    expect(truth.requests).toBe(count((event) => factsOf(event).terminal));
    for (const [stage, number] of Object.entries(truth.byStage))
      expect(number).toBe(count((event) => event.stage === stage));
    for (const [level, number] of Object.entries(truth.byLevel))
      expect(number).toBe(count((event) => event.level === level));
    const ids = new Set(events.map(({ auditID }) => auditID));
    for (const story of truth.storylines)
      expect([story.name, story.auditIDs.every((id) => ids.has(id))]).toEqual([story.name, true]);
  });

  it('has no bodies at level metadata, and asks for nothing that needs them', () => {
    const { events, truth } = run({ attacks: ALL, level: 'metadata' });
    expect(
      events.every(({ requestObject, responseObject }) => requestObject === undefined && responseObject === undefined),
    ).toBe(true);
    expect(truth.mustFire).not.toContain('cluster-admin-bound');
    expect(run({ attacks: ALL }).truth.mustFire).toContain('cluster-admin-bound');
  });

  it('is a healthy cluster where there is no attack', () => {
    const facts = run({ events: 20_000 }).events.map(factsOf);
    expect(facts.some(({ pod }) => pod?.privileged === true || pod?.host_pid === true)).toBe(false);
    expect(facts.some(({ rbac }) => rbac !== undefined)).toBe(false);
    const kinds = new Set(facts.map(({ actor }) => actor.type));
    expect([...kinds].sort()).toEqual(['anonymous', 'control-plane', 'node', 'none', 'person', 'serviceaccount']);
    expect(new Set(facts.map(({ outcome }) => outcome))).toContain('authorization');
  });

  it('refuses an attack that nobody wrote, and a log that is too short for one', () => {
    expect(() => simulate({ ...DAY, attacks: ['heist'] })).toThrow('no storyline heist');
    expect(() => simulate({ ...DAY, events: 100, attacks: ALL })).toThrow('needs at least');
  });
});
