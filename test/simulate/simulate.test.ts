import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.ts';
import { factsOf } from '../../src/audit/facts/index.ts';
import { PEOPLE } from '../../src/simulate/cluster.ts';
import { firedAt, LEVEL_CHOICES, type SimulateOptions, STORYLINES, simulate } from '../../src/simulate/index.ts';
import { seededRandom } from '../../src/simulate/random.ts';
import { eventsOf, goJson } from '../../src/simulate/request.ts';
import { ALL, DAY, mostWithin, run, timed } from './simulated.ts';

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

  it.each([1, 2, 10, 999, 1000, 1001])('can have %i events', (events) => {
    const { lines, truth } = run({ events });
    expect([lines.length, truth.events]).toEqual([events, events]);
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
    const { events } = run({ attacks: ALL, level: 'metadata' });
    expect(
      events.every(({ requestObject, responseObject }) => requestObject === undefined && responseObject === undefined),
    ).toBe(true);
    for (const story of STORYLINES) {
      const fired = LEVEL_CHOICES.map((level) => firedAt(level, story));
      expect(fired.map(({ length }) => length)).toEqual(fired.map(({ length }) => length).sort((x, y) => x - y));
      expect(fired.at(-1)).toEqual(Object.values(story.mustFire).flat());
    }
  });

  it('has the bodies that its level promises', () => {
    const writes = (level: SimulateOptions['level']) =>
      run({ level, attacks: ALL }).events.filter(({ verb, objectRef }) => verb === 'update' && !objectRef?.subresource);
    expect(writes('request').every((event) => event.requestObject && !event.responseObject)).toBe(true);
    expect(writes('requestresponse').every((event) => event.requestObject && event.responseObject)).toBe(true);
  });

  it('follows a sensible policy where levels are mixed: bodies of pods and roles, none of secrets', () => {
    const create = (resource: string) => {
      const ref = { resource, namespace: 'prod', name: 'one' };
      const request = { actor: PEOPLE[0], verb: 'create', uri: '/', ref, code: 201, latencyMicros: 1000 };
      return eventsOf({ ...request, body: { data: { key: 'dG9wIHNlY3JldA==' } } }, 2e15, 'mixed', seededRandom(1))[0];
    };
    expect(['pods', 'clusterroles', 'rolebindings', 'daemonsets'].map((resource) => create(resource)?.level)).toEqual(
      Array(4).fill('Request'),
    );
    expect(create('secrets')?.level).toBe('Metadata');
    expect(create('secrets')?.line).not.toContain('dG9w');
  });

  it('says why it refused, and by which role it allowed, in the words of an API server', () => {
    const { events } = run({ events: 20_000, attacks: ALL });
    const messages = events.flatMap(({ responseStatus }) => responseStatus?.message ?? []);
    const known = [
      /^Unauthorized$/,
      /^\w+ is forbidden: User "\S+" cannot list resource "\w+" in API group "" (at the cluster scope|in the namespace "\w+")$/,
      /^(pods|secrets) "\S+" not found$/,
      /^pods "\S+" is forbidden: violates PodSecurity "restricted:latest": /,
      /^clusterroles\.rbac\.authorization\.k8s\.io "\S+" is forbidden: user "\S+" \(groups=\[.+\]\) is attempting to grant RBAC permissions not currently held:\n/,
      /^certificatesigningrequests\.certificates\.k8s\.io "\S+" is forbidden: use of \S+ signer with system:masters group is not allowed$/,
      /^Operation cannot be fulfilled on leases\.coordination\.k8s\.io "\S+": the object has been modified; please/,
    ];
    expect(messages.filter((message) => !known.some((form) => form.test(message)))).toEqual([]);
    for (const form of known) expect(messages.some((message) => form.test(message))).toBe(true);
    const prometheus = events.find(({ user }) => user.username === 'system:serviceaccount:monitoring:prometheus');
    expect(prometheus && factsOf(prometheus).authz).toEqual({
      role: 'ClusterRole/prometheus',
      binding: 'ClusterRoleBinding/prometheus',
    });
  });

  it('writes down which object, at which version, an update replaces', () => {
    const leases = run()
      .lines.map((line) => JSON.parse(line) as { verb: string; objectRef?: Readonly<Record<string, string>> })
      .flatMap(({ verb, objectRef }) => (verb === 'update' && objectRef?.['name'] === 'worker-1' ? [objectRef] : []));
    expect(new Set(leases.map(({ uid }) => uid)).size).toBe(1);
    const versions = leases.map(({ resourceVersion }) => Number(resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(Object.keys(leases[0] ?? {})).toEqual([
      'resource',
      'namespace',
      'name',
      'uid',
      'apiGroup',
      'apiVersion',
      'resourceVersion',
    ]);
  });

  it('says where the time went in what was slow, and only there', () => {
    for (const event of run({ events: 5000 }).events) {
      const slow = event.stage === 'ResponseComplete' && event.verb !== 'watch' && event.objectRef !== undefined;
      const total = event.annotations['apiserver.latency.k8s.io/total'];
      if (total === undefined) continue;
      expect([slow, total]).toEqual([true, expect.stringMatching(/^(\d{3}(\.\d+)?ms|1(\.\d+)?s)$/)]);
      expect(factsOf(event).latency_us).toBeGreaterThan(500_000);
    }
  });

  it.each([
    ['a day', { events: 20_000 }],
    ['a busy minute', { events: 60_000, hours: 1 / 60, start: Date.UTC(2026, 2, 2, 10) }],
  ])('is a healthy cluster where there is no attack: %s', (_, options) => {
    const facts = run(options).events.map(timed);
    expect(facts.some(({ pod }) => pod?.privileged === true || pod?.host_pid === true || pod?.host_paths)).toBe(false);
    expect(facts.some(({ rbac }) => rbac !== undefined)).toBe(false);
    expect(facts.some(({ exec }) => exec !== undefined)).toBe(false);
    const open = facts.filter(({ actor, decision }) => actor.type === 'anonymous' && decision === 'allow');
    expect(open.filter(({ uri }) => !/^\/(healthz|readyz|livez|version)$/.test(uri.path))).toEqual([]);
    // However busy it is, people delete, fail and are refused at the pace of people.
    const stumbles = facts.filter(
      ({ action, actor, outcome }) =>
        outcome === 'authentication' || outcome === 'authorization' || (action === 'delete' && actor.type === 'person'),
    );
    expect(stumbles.length).toBeLessThan(100);
    expect(mostWithin(stumbles, 600, ({ source }) => source?.ip)).toBeLessThan(10);
  });

  it('has every kind of actor, and things that go wrong', () => {
    const facts = run({ events: 20_000, seed: 2 }).events.map(factsOf);
    const kinds = new Set(facts.map(({ actor }) => actor.type));
    expect([...kinds].sort()).toEqual(['anonymous', 'control-plane', 'node', 'none', 'person', 'serviceaccount']);
    const outcomes = new Set(facts.map(({ outcome }) => outcome));
    for (const outcome of ['success', 'authentication', 'authorization', 'conflict', 'client', 'server'])
      expect(outcomes).toContain(outcome);
  });

  it('refuses an attack that nobody wrote, and a log that is too short for one', () => {
    expect(() => simulate({ ...DAY, attacks: ['heist'] })).toThrow('no storyline heist');
    expect(() => simulate({ ...DAY, events: 100, attacks: ALL })).toThrow(/at least \d+ events/);
    expect(() => simulate({ ...DAY, hours: 0.1, attacks: ALL })).toThrow(/at least [\d.]+ hours/);
  });
});
