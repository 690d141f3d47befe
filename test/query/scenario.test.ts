import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../src/audit/event.ts';
import { readTemplate } from '../../src/elastic/index.ts';
import type { Given, Scenario } from '../../src/query/definition.ts';
import { type Definition, fieldTypes, judge, readLibrary, SHIPPED, scenarioCases } from '../../src/query/index.ts';
import { TEMPLATES } from '../../src/query/like/index.ts';
import type { InvestigationResult } from '../../src/query/types.ts';

const library = readLibrary([SHIPPED], fieldTypes(readTemplate().template.mappings.properties));
const [shipped] = library.investigations;
if (shipped === undefined) throw new Error('no investigation');
const { definition } = shipped;

function eventsOf(...given: readonly Given[]): readonly Record<string, unknown>[] {
  const scenario: Scenario = { it: 'x', given: [...given], expect: { requests: 0 } };
  const [one] = scenarioCases([{ ...definition, scenarios: [scenario] }]);
  return (one?.lines ?? []).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the events of a scenario', () => {
  it.each(Object.keys(TEMPLATES))('like %s are audit events', (like) => {
    for (const event of eventsOf({ like })) expect(parseEvent(event).kind).toBe('event');
  });

  it.each(Object.entries(TEMPLATES).filter(([, event]) => 'objectRef' in event))(
    'like %s have an address that says what they are about',
    (_, event) => {
      const path = String(event['requestURI']).split('?')[0]?.split('/');
      const { resource, subresource, apiGroup } = event['objectRef'] as Readonly<Record<string, string>>;
      for (const part of [resource, subresource, apiGroup]) if (part !== undefined) expect(path).toContain(part);
    },
  );

  it('answer with what was sent where they are returned', () => {
    const [event] = eventsOf({ like: 'pod', returned: true, requestObject: { spec: { hostPID: true } } });
    expect(event).toMatchObject({ level: 'RequestResponse', responseObject: { kind: 'Pod', spec: { hostPID: true } } });
    expect(event?.['responseObject']).toEqual(event?.['requestObject']);
    expect(event).not.toHaveProperty('returned');
  });

  it('are so many, so far apart, from so long after the start, each a request of its own', () => {
    const events = eventsOf({ like: 'get', times: 3, every: '10s', at: '5m' });
    expect(events.map((event) => event['stageTimestamp'])).toEqual([
      '2026-03-02T09:05:00.000Z',
      '2026-03-02T09:05:10.000Z',
      '2026-03-02T09:05:20.000Z',
    ]);
    expect(new Set(events.map((event) => event['auditID'])).size).toBe(3);
    expect(eventsOf({ like: 'get' }, { like: 'get' }).map((event) => event['auditID'])).toEqual(['0-0', '1-0']);
  });

  it('have changes merged in: objects deeply, lists whole, null away', () => {
    const [event] = eventsOf({
      like: 'get',
      objectRef: { name: null, resource: 'secrets' },
      sourceIPs: ['10.0.0.1'],
      userAgent: null,
    });
    expect(event?.['objectRef']).toEqual({ resource: 'secrets', namespace: 'prod', apiVersion: 'v1' });
    expect(event?.['sourceIPs']).toEqual(['10.0.0.1']);
    expect(event).not.toHaveProperty('userAgent');
    for (const control of ['like', 'times', 'every', 'at']) expect(event).not.toHaveProperty(control);
  });

  it('leave the templates as they were', () => {
    const before = JSON.stringify(TEMPLATES);
    eventsOf({ like: 'pod', requestObject: { spec: { hostPID: true } } });
    expect(JSON.stringify(TEMPLATES)).toBe(before);
  });
});

describe('each scenario', () => {
  it('looks at everything, or at the window that it names from its start', () => {
    const scenario: Scenario = { it: 'x', given: [{ like: 'get' }], expect: { requests: 0 } };
    const scenarios = [scenario, { ...scenario, window: { from: '1d', to: '25h' } }];
    expect(scenarioCases([{ ...definition, scenarios }]).map(({ window }) => window)).toEqual([
      {},
      { from: '2026-03-03T09:00:00.000Z', to: '2026-03-03T10:00:00.000Z' },
    ]);
  });

  it('has a cluster of its own', () => {
    const cases = scenarioCases(library.investigations.map((one) => one.definition));
    expect(new Set(cases.map(({ cluster }) => cluster)).size).toBe(cases.length);
  });
});

describe('judge', () => {
  const result: InvestigationResult = {
    id: 'x',
    title: 'x',
    severity: 'low',
    status: 'findings',
    matches: 3,
    groups: [{ by: { verb: 'get' }, requests: 3, show: { from: ['10.0.0.1'] } }],
    moreGroups: 1,
    hidden: {},
    tookMs: 1,
  };
  const verdict = (expected: Scenario['expect'], actual = result, of: Definition = definition) => {
    const scenario: Scenario = { it: 'x', given: [{ like: 'get' }], expect: expected };
    return judge({ definition: of, scenario, cluster: 'x', window: {}, lines: [] }, actual);
  };

  it('passes what is as expected', () => {
    const expected = {
      requests: 3,
      groups: 2,
      status: 'findings',
      first: { verb: 'get', from: ['10.0.0.1'] },
    } as const;
    expect(verdict(expected)).toMatchObject({ passed: true, differences: [] });
  });

  it.each<[Scenario['expect'], string]>([
    [{ requests: 2 }, 'expected 2 requests, got 3'],
    [{ requests: 3, groups: 1 }, 'expected 1 groups, got 2'],
    [{ requests: 3, status: 'none' }, 'expected none, got findings'],
    [{ requests: 3, first: { verb: 'list' } }, 'expected verb "list", got "get"'],
    [{ requests: 3, first: { nobody: 1 } }, 'expected nobody 1, got undefined'],
  ])('fails %j and says how', (expected, difference) => {
    expect(verdict(expected)).toMatchObject({ passed: false, differences: [difference] });
  });

  it('says why nothing is counted where no given event ends its request', () => {
    const difference = (changes: object, stages?: Definition['stages']): readonly string[] => {
      const scenario: Scenario = { it: 'x', given: [{ like: 'exec', ...changes }], expect: { requests: 1 } };
      const [one] = scenarioCases([{ ...definition, stages, scenarios: [scenario] }]);
      if (one === undefined) throw new Error('no case');
      return judge(one, { ...result, status: 'none', matches: 0, groups: [] }).differences;
    };
    expect(difference({})).toEqual([
      'expected 1 requests, got 0',
      expect.stringMatching(/exec is logged when it begins; with stage: ResponseComplete it is the end/),
    ]);
    expect(difference({ stage: 'ResponseComplete' })).toEqual(['expected 1 requests, got 0']);
    expect(difference({}, ['ResponseStarted'])).toEqual(['expected 1 requests, got 0']);
  });

  it('never passes an investigation that failed', () => {
    const failed: InvestigationResult = { ...result, status: 'error', reason: 'no shard', matches: 0, groups: [] };
    expect(verdict({ requests: 0 }, failed)).toMatchObject({ passed: false, differences: ['it failed: no shard'] });
  });
});
