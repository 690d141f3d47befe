/** A log that other threads help to read is the log that one reads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentOf } from '../../../src/audit/document.ts';
import type { LogRecord } from '../../../src/load/record.ts';
import { type Helpers, readRecords } from '../../../src/load/records.ts';
import { openSharedMemory } from '../../../src/load/threads/blocks.ts';
import { type Parcel, parcelOf, type Task } from '../../../src/load/threads/parcel.ts';
import { DamagedSource } from '../../../src/load/unpack/index.ts';
import { chunked } from '../../support/chunks.ts';
import { CONTEXT, rawEvent } from '../../support/events.ts';

const LONGEST = 2000;

interface Asked {
  readonly helpers: Helpers;
  /** What became of each task. */
  readonly parcels: (Parcel | undefined)[];
}

/** Helpers in this thread, which answer after each other or not, and some of which break down. */
function helpersThat({
  delays,
  breaking = 0,
}: {
  readonly delays: readonly number[];
  readonly breaking?: number;
}): Asked {
  const parcels: (Parcel | undefined)[] = [];
  let tasks = 0;
  const answer = async (task: Task): Promise<Parcel | undefined> => {
    tasks += 1;
    const turn = tasks;
    for (let wait = delays[turn % delays.length] ?? 0; wait > 0; wait -= 1) await Promise.resolve();
    const parcel = breaking > 0 && turn % breaking === 0 ? undefined : structuredClone(await parcelOf(task));
    parcels.push(parcel);
    return parcel;
  };
  const threads = { count: 2, blockBytes: 300, memory: openSharedMemory(4), parcelOf: answer, close: async () => {} };
  return { helpers: { threads, context: CONTEXT }, parcels };
}

interface Taken {
  readonly records: readonly unknown[];
  /** Where reading may go on, with how many records are before that. */
  readonly places: readonly (readonly [offset: number, records: number])[];
}

async function take(bytes: AsyncIterable<Buffer>, helpers?: Helpers, from = 0): Promise<Taken> {
  const records: unknown[] = [];
  const places: [number, number][] = [];
  const groups = readRecords('a.log', bytes, {
    from,
    longestLine: LONGEST,
    onBytes: () => {},
    ...(helpers && { helpers }),
  });
  for await (const group of groups) {
    for (const record of group.records) records.push(essenceOf(record));
    const place = group.resume?.();
    if (place !== undefined) places.push([place, records.length]);
  }
  return { records, places };
}

/** All of a record that a load makes something of. */
function essenceOf(record: LogRecord): unknown {
  if (record.kind === 'document') return plain(record.document);
  // How much is kept of such a line depends on the pieces that it came in.
  if (record.kind === 'unparseable' && record.reason === 'overlong-line') return { ...record, text: '' };
  if (record.kind !== 'candidate') return record;
  const result = documentOf(record.candidate, record.value, CONTEXT);
  if (result.kind === 'rejected') return { reason: result.reason, text: record.candidate.text };
  const { hash, ...document } = result.document;
  return plain(document);
}

function plain<T extends { readonly event: string | Buffer }>(document: T): object {
  return { ...document, event: document.event.toString() };
}

const time = (second: number): string => `2026-03-02T09:41:${String(second % 60).padStart(2, '0')}.000001Z`;
const eventLine = fc
  .record({
    auditID: fc.string({ minLength: 1 }),
    level: fc.constantFrom('Metadata', 'RequestResponse'),
    stage: fc.constantFrom('RequestReceived', 'ResponseComplete'),
    stageTimestamp: fc.oneof(fc.nat(59).map(time), fc.constantFrom('1999-01-01T00:00:00Z', 'never')),
    requestURI: fc.string({ unit: 'binary', maxLength: 20 }),
    requestObject: fc.option(fc.dictionary(fc.string(), fc.jsonValue()), { nil: undefined }),
  })
  .map((changes) => JSON.stringify(rawEvent({ objectRef: { resource: 'secrets', name: 'a' }, ...changes })));
/** Parts of events that wait for each other over lines, and the end of one that nobody has begun. */
const parts = eventLine.chain((line) =>
  fc
    .nat(line.length)
    .map((at) => [
      `2026-03-02T09:41:07Z stdout P ${line.slice(0, at)}`,
      `2026-03-02T09:41:07Z stdout F ${line.slice(at)}`,
    ]),
);
const oddLine = fc.oneof(
  parts.chain(([first, last]) => fc.constantFrom(first, last)),
  eventLine.map((line) => JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: time(1) })),
  eventLine.map((line) => JSON.stringify({ log: line.slice(0, 20), stream: 'stdout', time: time(1) })),
  eventLine.map((line) => line.slice(0, -5)),
  eventLine.map((line) => `${line}${line}`),
  fc.constantFrom('', '\r', '{"kind":"Event","level":"Metadata"}', '{}', 'I0302 09:41:07 server.go:1] text', '"a'),
  fc.constant(JSON.stringify(rawEvent({ requestURI: 'x'.repeat(2 * LONGEST) }))),
);
/** Mostly events: of odd lines alone, no thread would make anything. */
const lines = fc.array(fc.oneof({ weight: 12, arbitrary: eventLine }, { weight: 1, arbitrary: oddLine }), {
  maxLength: 40,
});
const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 });
const delays = fc.array(fc.nat(9), { minLength: 1, maxLength: 5 });

const first = JSON.stringify(rawEvent({ auditID: 'the first' }));
/** A log of lines, whatever comes behind the first; its last newline may be missing. */
const logs = fc
  .tuple(lines, fc.boolean())
  .map(([some, isWhole]) => `${[first, ...some].join('\n')}${isWhole ? '\n' : ''}`);

/** To look for a smaller log would take longer than to understand this one. */
const LARGE = { numRuns: 100, endOnFailure: true };

describe('a log that threads help to read', () => {
  it('has the records that it has without them, in their order', async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(logs, sizes, delays, fc.nat(4), async (log, cuts, waits, breaking) => {
        const { helpers, parcels } = helpersThat({ delays: waits, breaking });
        const alone = await take(chunked(Buffer.from(log), cuts));
        const helped = await take(chunked(Buffer.from(log), cuts), helpers);
        expect(helped.records).toEqual(alone.records);
        made += parcels.filter((parcel) => parcel !== undefined).length;
      }),
      LARGE,
    );
    expect(made).toBeGreaterThan(100);
  });

  it('can be gone on with wherever it says so', async () => {
    await fc.assert(
      fc.asyncProperty(logs, sizes, delays, async (log, cuts, waits) => {
        const bytes = Buffer.from(log);
        const whole = await take(chunked(bytes, cuts), helpersThat({ delays: waits }).helpers);
        for (const [offset, before] of whole.places) {
          const rest = await take(
            chunked(bytes.subarray(offset), cuts),
            helpersThat({ delays: waits }).helpers,
            offset,
          );
          expect(rest.records).toEqual(whole.records.slice(before));
        }
      }),
      LARGE,
    );
  });

  it.each([
    ['a damaged source', new DamagedSource('a gzip that ends early')],
    ['a disk that fails', new Error('EIO')],
  ])('ends as it does without them when it comes from %s', async (_, failure) => {
    const log = `${Array.from({ length: 20 }, (__, at) => JSON.stringify(rawEvent({ auditID: `${at}` }))).join('\n')}`;
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield* chunked(Buffer.from(log), [500]);
      throw failure;
    };
    const alone = await take(failing());
    expect(await take(failing(), helpersThat({ delays: [0] }).helpers)).toMatchObject({ records: alone.records });
    expect(alone.records.at(-1)).toMatchObject({ kind: 'broken' });
  });

  it('lets go of its source when nobody wants more', async () => {
    let closed = false;
    const endless = async function* (): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.from(`${first}\n`);
      } finally {
        closed = true;
      }
    };
    const { helpers } = helpersThat({ delays: [0] });
    for await (const group of readRecords('a.log', endless(), { onBytes: () => {}, helpers })) {
      expect(group.records).toBeDefined();
      break;
    }
    expect(closed).toBe(true);
  });
});
