import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditEvent, parseEvent } from '../../src/audit/event.ts';
import { factsJson, factsOf } from '../../src/audit/facts/index.ts';
import { readNative } from '../../src/audit/native.ts';
import { rawEvent } from '../support/events.ts';

const words = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', ',"objectRef":{', '&', ''),
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const texts = fc.dictionary(fc.oneof(words, fc.constantFrom('verb', 'authorization.k8s.io/reason')), words, {
  maxKeys: 3,
});
const user = fc.record({
  username: maybe(words),
  groups: maybe(fc.array(words, { maxLength: 2 })),
  extra: maybe(fc.dictionary(words, fc.array(words, { maxLength: 2 }), { maxKeys: 2 })),
});
const bodies = fc.oneof(fc.jsonValue(), fc.constant({ requestReceivedTimestamp: 'x', items: [{ a: '\\"' }] }));
const times = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString().replace('Z', '123Z'));

/** Events with the members and their order as the API server writes them. */
const events = fc
  .record({
    level: fc.constantFrom('Metadata', 'Request', 'RequestResponse'),
    auditID: fc.oneof(fc.uuid(), words.filter(Boolean)),
    stage: fc.constantFrom('RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'),
    requestURI: words,
    verb: fc.oneof(fc.constantFrom('get', 'delete'), words),
    user,
    impersonatedUser: maybe(user),
    sourceIPs: maybe(fc.array(fc.ipV4(), { maxLength: 2 })),
    userAgent: maybe(words),
    objectRef: maybe(fc.record({ resource: maybe(words), namespace: maybe(words), name: maybe(words) })),
    responseStatus: maybe(fc.record({ metadata: fc.constant({}), message: maybe(words), code: fc.nat(599) })),
    requestObject: maybe(bodies),
    responseObject: maybe(bodies),
    requestReceivedTimestamp: times,
    stageTimestamp: times,
    annotations: maybe(texts),
  })
  .map((members) => JSON.stringify({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...members }));

function parsed(text: string): AuditEvent | undefined {
  try {
    const result = parseEvent(JSON.parse(text));
    return result.kind === 'event' ? result.event : undefined;
  } catch {
    return undefined;
  }
}

/** What is read, without the numbers that only the fast reader gives. */
function readFast(text: string): object | undefined {
  const event = readNative(text);
  if (event === undefined) return undefined;
  const { sections: _, ...read } = event;
  return read;
}

describe('readNative', () => {
  it('reads what JSON.parse would, of events that an API server writes', () => {
    fc.assert(
      fc.property(events, (text) => {
        const fast = readFast(text);
        if (fast !== undefined) expect(fast).toEqual(parsed(text));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['Metadata', {}],
    ['RequestResponse', { requestObject: { a: '},"x' }, responseObject: [1, { b: '\\' }] }],
  ])('takes an event of level %s', (level, bodies) => {
    const { requestReceivedTimestamp, stageTimestamp, annotations, ...head } = rawEvent({ level });
    const text = JSON.stringify({ ...head, ...bodies, requestReceivedTimestamp, stageTimestamp, annotations });
    expect(readFast(text)).toEqual(parsed(text));
  });

  it('leaves whatever else it is shown to JSON.parse, unless it reads the same', () => {
    fc.assert(
      fc.property(events, fc.nat(), fc.nat(40), fc.oneof(fc.string(), events), (text, at, length, insert) => {
        const start = at % text.length;
        const spoilt = text.slice(0, start) + insert + text.slice(start + length);
        const fast = readFast(spoilt);
        if (fast === undefined) return;
        // Bodies are not checked until they are read: the server refuses what is no JSON.
        expect(JSON.parse(JSON.stringify(fast))).toEqual(JSON.parse(JSON.stringify(parsed(spoilt) ?? fast)));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same facts, remembered or not', () => {
    fc.assert(
      fc.property(fc.array(events, { minLength: 1, maxLength: 5 }), (list) => {
        for (const text of [...list, ...list]) {
          const event = parsed(text);
          const fast = readNative(text);
          if (event === undefined) continue;
          expect(JSON.parse(`{${factsJson(fast ?? event)}}`)).toEqual(JSON.parse(JSON.stringify(factsOf(event))));
        }
      }),
    );
  });
});
