/** Whatever it is wrapped in, an event is the same document. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditDocument, documentOf, jsonOf } from '../../../src/audit/document.ts';
import type { LogRecord } from '../../../src/load/record.ts';
import { readRecords } from '../../../src/load/records.ts';
import { streamSource } from '../../../src/load/sources.ts';
import { isObject } from '../../../src/shared/json.ts';
import { chunked } from '../../support/chunks.ts';
import { CONTEXT, documentFor, rawEvent } from '../../support/events.ts';
import { WRAPS } from '../../support/wrap.ts';

async function read(bytes: string | Buffer): Promise<readonly LogRecord[]> {
  const taken: LogRecord[] = [];
  for await (const member of streamSource('audit.log', () => chunked(Buffer.from(bytes), [5000])).members()) {
    if (member.kind !== 'member') throw new Error(member.reason);
    const groups = readRecords(member.name, member.bytes(), { onBytes: () => {} });
    for await (const { records } of groups) taken.push(...records);
  }
  return taken;
}

/** What is the same however an event comes: all of the document but its origin. */
function essenceOf(record: LogRecord): object {
  if (record.kind !== 'candidate') return record;
  const result = documentOf(record.candidate, record.value, CONTEXT);
  return result.kind === 'rejected' ? result : essenceOfDocument(result.document);
}

function essenceOfDocument(document: AuditDocument): object {
  const { id, hash, period } = document;
  return { id, hash, period, facts: factsIn(jsonOf(document)) };
}

function factsIn(json: string): object {
  const { kaudit } = JSON.parse(json) as { kaudit: object };
  return { ...kaudit, origin: undefined };
}

function expectedOf(event: string): object {
  return essenceOfDocument(documentFor(event).document);
}

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '\u2028\r',
    '"}{"',
    '\\',
    'a\\"',
    '[Truncated...]',
    '\ud800',
    '{"kind":"Event","apiVersion":"audit.k8s.io/v1"}',
  ),
);
/** Events with anything in them that a client may choose. */
const events = fc
  .record({
    auditID: fc.string({ minLength: 1 }),
    userAgent: texts,
    requestURI: texts,
    requestObject: fc.oneof(fc.jsonValue(), fc.dictionary(texts, fc.jsonValue())),
    annotations: fc.dictionary(fc.constantFrom('a.b.c/d_e.f', 'authorization.k8s.io/reason', 'plain'), texts),
  })
  .map((changes) => rawEvent({ objectRef: { resource: 'pods', name: 'a' }, ...changes }));
const withBigNumber = (event: object): string =>
  JSON.stringify(event).replace('"ResponseComplete"', '"ResponseComplete","big":[12345678901234567890,1.10,1e400]');

describe('an event', () => {
  for (const [name, { format, exact, file }] of Object.entries(WRAPS)) {
    it(`is the same out of ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(events, { minLength: 1, maxLength: 4 }), async (some) => {
          const lines = some.map(exact ? withBigNumber : (event) => JSON.stringify(event));
          const records = (await read(file(lines))).filter(({ kind }) => kind !== 'skipped');
          expect(
            records.map((record) => (record.kind === 'candidate' ? record.candidate.origin.format : record)),
          ).toEqual(lines.map(() => format));
          if (exact) {
            expect(records.map((record) => record.kind === 'candidate' && record.candidate.text)).toEqual(lines);
            expect(records.map(essenceOf)).toEqual(lines.map(expectedOf));
          } else {
            expect(records.map((record) => withoutHash(essenceOf(record)))).toEqual(
              lines.map((line) => withoutHash(expectedOf(line))),
            );
          }
        }),
        { numRuns: 40 },
      );
    });

    it(`has a place of its own in ${name}, also where it stands twice`, async () => {
      const twice = [1, 1, 2, 2].map((id) => JSON.stringify(rawEvent({ auditID: `${id}` })));
      const records = (await read(file(twice))).filter(({ kind }) => kind !== 'skipped');
      const places = records.map((record) => record.kind === 'candidate' && JSON.stringify(record.candidate.origin));
      expect(new Set(places).size).toBe(twice.length);
    });

    it(`is the same out of ${name}, when it is long`, async () => {
      const long = [1, 2].map((id) =>
        JSON.stringify(rawEvent({ auditID: `${id}`, requestObject: { text: '😀é-'.repeat(12_000) } })),
      );
      const records = (await read(file(long))).filter(({ kind }) => kind !== 'skipped');
      expect(records.map((record) => withoutHash(essenceOf(record)))).toEqual(
        long.map((line) => withoutHash(expectedOf(line))),
      );
    });
  }
});

/** Text that was written anew may have its members in another order; the values are compared when it is loaded. */
function withoutHash(essence: object): object {
  const { facts, ...rest } = essence as { facts?: object };
  return { ...rest, hash: undefined, facts: isObject(facts) ? { ...facts, hash: undefined } : undefined };
}
