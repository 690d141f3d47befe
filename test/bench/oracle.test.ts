import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseCase, readCases } from '../../bench/oracle/cases.ts';
import { earlier, repair, repeated } from '../../bench/oracle/repair.ts';
import { ruleOf } from '../../bench/oracle/rules.ts';
import { agreementOf, confusion, disagreements, readArguments, type Verdict } from '../../bench/oracle/table.ts';
import { parseEvent } from '../../src/audit/event.ts';
import { shared } from '../support/shared.ts';
import { textsIn } from '../support/unwrap.ts';

const CASES = shared('rule-cases');
const ARGUMENTS = join(import.meta.dirname, '../../bench/oracle/disagreements.yml');

describe('the repair of a partial event', () => {
  it('fills what every API server writes, and tells what it filled', () => {
    const { event, filled } = repair({
      kind: 'Event',
      verb: 'create',
      objectRef: { resource: 'cronjobs', namespace: 'shop', name: 'night' },
      requestObject: { kind: 'CronJob' },
    });
    expect(event).toMatchObject({
      level: 'Request',
      stage: 'ResponseComplete',
      verb: 'create',
      objectRef: { apiGroup: 'batch', resource: 'cronjobs' },
      responseStatus: { code: 200 },
    });
    expect(parseEvent(event)).toMatchObject({ kind: 'event' });
    expect(filled).toContain('auditID');
    expect(filled).not.toContain('verb');
  });

  it('leaves alone what is there', () => {
    const whole = earlier({}, 'alice@example.com');
    expect(repair(whole)).toEqual({ event: whole, filled: [] });
  });

  it('gives times without a zone theirs', () => {
    const { event } = repair({ kind: 'Event', verb: 'get', stageTimestamp: '2024-11-13 18:34:10.595' });
    expect(event['stageTimestamp']).toBe('2024-11-13T18:34:10.595Z');
  });

  it('reaches into the text of an AKS record', () => {
    const log = JSON.stringify({ kind: 'Event', verb: 'get', user: { username: 'alice@example.com' } });
    const { event, filled } = repair({ category: 'kube-audit', properties: { log } });
    expect(eventsIn(repeated({ event, filled }, 2))).toMatchObject([
      { auditID: 'case-0', user: { username: 'alice@example.com' } },
      { auditID: 'case-1', user: { username: 'alice@example.com' } },
    ]);
  });

  it('makes a log entry of GKE whole', () => {
    const entry = {
      timestamp: '2024-02-19 12:02:22.05',
      protoPayload: {
        methodName: 'io.k8s.core.v1.pods.create',
        authorizationInfo: [{ granted: true, resource: 'core/v1/namespaces/shop/pods/tool' }],
        requestMetadata: { callerIP: '198.51.100.7' },
      },
    };
    expect(eventsIn(repeated(repair(entry), 1))).toMatchObject([
      {
        verb: 'create',
        sourceIPs: ['198.51.100.7'],
        objectRef: { namespace: 'shop', name: 'tool' },
        stageTimestamp: '2024-02-19T12:02:22.05Z',
      },
    ]);
  });

  it('reads a verb and a code as Datadog names them', () => {
    const http = { method: 'list', status_code: 403 };
    const { event } = repair({ kind: 'Event', attributes: { http, objectRef: { resource: 'secrets' } } });
    expect(event).toMatchObject({ verb: 'list', responseStatus: { code: 403 }, objectRef: { resource: 'secrets' } });
  });

  it.each([{ kind: 0 }, { operation: { producer: 'k8s.io' } }])('makes no event of %j', (event) => {
    expect(repair(event)).toEqual({ event, filled: [] });
  });
});

function eventsIn(values: readonly object[]): readonly unknown[] {
  return textsIn(values.map((value) => JSON.stringify(value)).join('\n')).map((text) => JSON.parse(text));
}

describe('the agreement', () => {
  const verdict = (id: string, expected: boolean, found: boolean): Verdict => {
    return {
      id,
      rule: 'exec',
      asks: ['exec-into-pod'],
      differs: undefined,
      expected,
      found,
      reason: 'it does not match',
    };
  };
  const verdicts = [
    verdict('exec: shell', true, true),
    verdict('exec: read', false, false),
    verdict('exec: attach', false, true),
    verdict('exec: cut off', true, false),
  ];
  const theirs = readArguments([{ case: 'exec: attach', whose: 'rule', why: 'An attach is as good.' }]);

  it('counts each case in one cell of its rule', () => {
    expect(confusion(verdicts).rows).toEqual([
      ['exec', 'exec-into-pod', '1', '1', '1', '1'],
      ['all', '', '1', '1', '1', '1'],
    ]);
  });

  it('leaves out what is argued to be theirs, and keeps open what nobody has argued', () => {
    const agreement = agreementOf(verdicts, theirs);
    expect(agreement).toMatchObject({ cases: 4, agreed: 2, argued: 1, stale: [], share: 2 / 3 });
    expect(agreement.open.map(({ id }) => id)).toEqual(['exec: cut off']);
    expect(disagreements(verdicts, theirs)).toContain(
      '- exec: attach\n  only we report; it does not match\n  rule: An attach is as good.',
    );
    expect(disagreements(verdicts, theirs)).toContain('OPEN');
  });

  it('counts a mistake of ours against us, argued or not', () => {
    const ours = readArguments([{ case: 'exec: cut off', whose: 'ours', why: 'It should be found.' }]);
    expect(agreementOf(verdicts, ours).open).toHaveLength(2);
  });

  it('names what is argued without need', () => {
    const args = readArguments([{ case: 'exec: shell', whose: 'rule', why: 'Once it differed.' }]);
    expect(agreementOf(verdicts, args).stale).toEqual(['exec: shell']);
  });

  it('takes no case twice, and no guilt that it does not know', () => {
    const one = { case: 'exec: attach', whose: 'rule', why: 'So.' };
    expect(() => readArguments([one, one])).toThrow('twice');
    expect(() => readArguments([{ ...one, whose: 'nobody' }])).toThrow();
  });
});

describe('the disagreements that are argued', () => {
  const args = readArguments(parse(readFileSync(ARGUMENTS, 'utf8')));

  it('are read at all', () => {
    expect(args.size).toBeGreaterThan(0);
  });

  it.skipIf(!existsSync(CASES))(
    'are of cases that exist, whose names are unique, and each case has its rule',
    async () => {
      const cases = await readCases(CASES);
      const ids = cases.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect([...args.keys()].filter((id) => !ids.includes(id))).toEqual([]);
      expect(cases.filter((one) => ruleOf(one) === undefined)).toEqual([]);
    },
  );

  it('are of cases of the form that is published', () => {
    const line = JSON.stringify({ rule: null, test: 'quiet', expected: false, event: {}, rules_files: ['allow.yaml'] });
    expect(parseCase(line)).toMatchObject({ id: 'no rule: quiet', rule: undefined, lists: ['allow.yaml'] });
  });
});
