/** Lines that hold several values, or pieces of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rawEvent } from '../../support/events.ts';
import { textsIn, unwrapLines } from '../../support/unwrap.ts';
import { WRAPS } from '../../support/wrap.ts';

const event = (changes: object = {}): string => JSON.stringify(rawEvent({ ...changes }));
/** Names by which wrappings are recognised. */
const KEYS = [
  ...['kind', 'items', 'records', 'category', 'properties', 'messageType', 'logEvents', 'awslogs', 'events', 'results'],
  ...['protoPayload', 'insertId', 'streams', 'data', 'line', 'labels', 'MESSAGE', 'hits', '_source', '_index', 'log'],
  ...[
    'message',
    '@message',
    'body',
    'event',
    'kubernetes',
    '@timestamp',
    'agent',
    'stream',
    'time',
    'logtag',
    'AuditId',
  ],
  ...['Stage', 'auditID', 'stage', 'level', 'kaudit', 'source_type', 'log_type', 'index'],
];
const BROKEN = 'unparseable: not valid JSON';

describe('a line with several values', () => {
  it('gives each of them, with its own bytes', () => {
    const [one, two] = [event({ auditID: '1' }), event({ auditID: '2' })];
    expect(textsIn(`${one}${two}`)).toEqual([one, two]);
    expect(textsIn(`${one}  ${two}\r`)).toEqual([one, two]);
  });

  it('keeps the event after one that was torn off, wherever that was', () => {
    const torn = event({ requestObject: { a: ['x', { b: '\\"' }] } });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: torn.length - 1 }), (length) => {
        const start = torn.slice(0, length);
        const isInString = (start.match(/(?<!\\)"/g) ?? []).length % 2 === 1;
        const isAmbiguous = !isInString && /[:[,]$/.test(start);
        expect(textsIn(start + event())).toEqual(isAmbiguous ? [BROKEN] : [BROKEN, event()]);
      }),
    );
  });

  it('believes no event that a client put into a body, even when the line breaks off right behind it', () => {
    const forged = event({ auditID: 'forged' });
    const real = event({ requestObject: { spec: 1, nested: JSON.parse(forged), list: [JSON.parse(forged)] } });
    expect(textsIn(real)).toEqual([real]);
    for (let length = 1; length < real.length; length += 1) expect(textsIn(real.slice(0, length))).toEqual([BROKEN]);
    for (let from = 1; from < real.length; from += 1) expect(textsIn(real.slice(from))).toEqual([BROKEN]);
  });

  it('quarantines what CloudWatch has cut, with the audit id, and looks for nothing in it', () => {
    const cut = `${event({ auditID: 'abc' }).slice(0, 300)}${event()}[Truncated...]`;
    expect(textsIn(cut)).toEqual(['unparseable: cut off by CloudWatch: auditID abc']);
  });

  it('is quick about a long line that is nothing but beginnings', () => {
    const start = '{"kind":"Event","apiVersion":"audit.k8s.io/v1",';
    expect(new Set(textsIn(start.repeat(20_000)))).toEqual(new Set([BROKEN]));
  });
});

describe('nesting', () => {
  const within = (levels: number): string => {
    let text = event();
    for (let level = 0; level < levels; level += 1) text = JSON.stringify({ log: text });
    return text;
  };

  it('is followed four levels deep', () => {
    expect(textsIn(within(4))).toEqual([event()]);
    expect(textsIn(within(5))).toEqual(['unparseable: wrapped more than four times']);
  });

  it('of arrays is no way to exhaust the stack', () => {
    expect(textsIn(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toEqual([
      'unparseable: wrapped more than four times',
    ]);
    expect(textsIn('[[],{"records":[]}]')).toEqual(['skipped: empty array', 'skipped: empty records']);
  });

  it('loses no element where a key stands twice', () => {
    const [one, two] = [event({ auditID: '1' }), event({ auditID: '2' })];
    expect(textsIn(`{"kind":"EventList","items":[${one}],"items":[${two}]}`)).toEqual([one, two]);
  });

  it('does not take a response that is a list for an EventList', () => {
    expect(textsIn('{"kind":"SecretList","items":[1]}')).toEqual(['{"kind":"SecretList","items":[1]}']);
  });

  it('meets __proto__ and constructor as any other key', () => {
    const odd = event().replace('{', '{"__proto__":{"stage":"x"},"constructor":1,');
    expect(textsIn(JSON.stringify({ log: odd }))).toEqual([odd]);
    expect(textsIn('{"__proto__":{"message":"x"}}')).toEqual(['{"__proto__":{"message":"x"}}']);
  });
});

describe('records of other programs', () => {
  it.each([
    ['{"kaudit":1,"mustFire":[],"storylines":[{"auditIDs":["a"]}]}', 'answer of kaudit simulate'],
    ['I0302 09:41:07.123456       1 controller.go:615] quota admission', 'klog line'],
    ['{"ts":1772444467123.4,"caller":"app/server.go:1","msg":"starting","v":0}', 'klog line'],
    [
      '2026-03-02T09:41:07.123456789+01:00 AUDIT: id="a" stage="RequestReceived" ip="::1" method="get" user="<none>"',
      'legacy text audit line',
    ],
    ['time="2026-03-02T09:41:07Z" level=info msg="access granted" client="127.0.0.1:1"', 'authenticator line'],
    [
      '{"auditID":"a","requestURI":"/v3/users","user":{"name":"u-1"},"method":"GET","requestTimestamp":"2026","responseCode":200}',
      'Rancher API audit record',
    ],
    [
      '{"specversion":"1.0","id":"a","source":"https://minikube.sigs.k8s.io/","type":"io.k8s.sigs.minikube.audit","data":{"command":"start"}}',
      'minikube command record',
    ],
    ['{"index":{"_index":"logs","_id":"1"}}', 'bulk action line'],
    ['{"create":{}}', 'bulk action line'],
  ])('are named and left out: %s', (line, what) => {
    expect(textsIn(line)).toEqual([`skipped: ${what}`]);
  });

  it('are nothing that an event could be taken for', () => {
    for (const member of [
      '"msg":"x","ts":1',
      '"requestTimestamp":"x","responseCode":1',
      '"type":"io.k8s.sigs.minikube.audit"',
    ])
      expect(textsIn(event().replace('{', `{${member},`))).toHaveLength(1);
    expect(textsIn(event().replace('{', '{"message":"x","log":"y","records":[],'))[0]).toContain('"records"');
  });
});

describe('whatever a client or a disk does to a line', () => {
  const anything = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc
      .record(
        Object.fromEntries(
          KEYS.map((key) => [
            key,
            fc.oneof(fc.jsonValue(), fc.constantFrom(event(), [event()], [{ message: event() }])),
          ]),
        ),
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
    fc.tuple(fc.constantFrom(...Object.values(WRAPS)), fc.nat(), fc.string()).map(([wrap, at, text]) => {
      const file = String(wrap.file([event()])).replaceAll('\n', ' ');
      return file.slice(0, at % file.length) + text + file.slice((at % file.length) + 1);
    }),
  );

  it('is told by a record: nothing is thrown, nothing passes in silence', () => {
    fc.assert(
      fc.property(anything, (line) => {
        const pieces = unwrapLines(line.replaceAll('\n', ' '));
        expect(pieces.length > 0).toBe(line.trim() !== '');
      }),
      { numRuns: 2000 },
    );
  });
});
