import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type LogRecord, readRecords } from '../../src/load/records.ts';
import { chunked, collect } from '../support/chunks.ts';
import { rawEvent } from '../support/events.ts';

async function read(bytes: Buffer | string): Promise<readonly LogRecord[]> {
  const groups = await collect(readRecords('audit.log', chunked(Buffer.from(bytes), [4096]), () => {}));
  return groups.flat();
}

/** Kind of each record, or why it is none. */
const kindOf = (record: LogRecord): string => {
  if (record.kind === 'candidate') return record.candidate.origin.format;
  return `${record.kind}: ${record.kind === 'unparseable' ? record.detail : record.reason}`;
};
const kinds = async (bytes: Buffer | string): Promise<readonly string[]> => (await read(bytes)).map(kindOf);

const event = (auditID: string): object => rawEvent({ auditID });
const line = (auditID: string): string => JSON.stringify(event(auditID));

describe('readRecords', () => {
  it.each([
    ['lines', `${line('a')}\n${line('b')}\n`, ['Event', 'Event']],
    ['lines without the last newline', `${line('a')}\n${line('b')}`, ['Event', 'Event']],
    ['blank lines and carriage returns', `\r\n${line('a')}\r\n\r\n   \n`, ['Event']],
    ['a byte order mark', `\ufeff${line('a')}\n`, ['Event']],
    ['a pretty-printed event', JSON.stringify(event('a'), null, 2), ['Event']],
    ['a pretty-printed event after a byte order mark', `\ufeff${JSON.stringify(event('a'), null, 2)}`, ['Event']],
    [
      'pretty-printed events one after another',
      [1, 2].map((n) => JSON.stringify(event(`${n}`), null, 2)).join('\n'),
      ['Event (streamed)', 'Event (streamed)'],
    ],
    [
      'an EventList on one line',
      JSON.stringify({ kind: 'EventList', items: [event('a'), event('b')] }),
      ['EventList', 'EventList'],
    ],
    ['a pretty-printed EventList', JSON.stringify({ kind: 'EventList', items: [event('a')] }, null, 2), ['EventList']],
    [
      'EventLists, one a line',
      `${JSON.stringify({ kind: 'EventList', items: [event('a')] })}\n${JSON.stringify({ kind: 'EventList', items: [event('b')] })}`,
      ['EventList', 'EventList'],
    ],
    ['an array', JSON.stringify([event('a'), event('b')], null, 1), ['array', 'array']],
    ['an array with an element a line', `[\n${line('a')},\n${line('b')}\n]\n`, ['array', 'array']],
    [
      'an EventList with an item a line',
      `{"kind":"EventList","items":[\n${line('a')},\n${line('b')}\n]}`,
      ['EventList', 'EventList'],
    ],
    ['nothing', '', []],
    ['blanks', ' \n\n', []],
    ['an EventList without items', '{"kind":"EventList","items":[]}', ['skipped: an EventList without items']],
    ['no JSON', 'kind: Policy\nrules: []\n', ['skipped: no JSON in it']],
    ['a binary file', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1, 10, 123, 10]), ['skipped: a binary file']],
    ['a line that is cut off', `${line('a')}\n${line('b').slice(0, 50)}`, ['Event', 'unparseable: not valid JSON']],
    [
      'a first line that is cut off',
      `${line('a').slice(50)}\n${line('b')}\n${line('c')}`,
      ['unparseable: not valid JSON', 'Event', 'Event'],
    ],
    [
      'a first line that is damaged but begins well',
      `${line('a').slice(0, -9)}\n${line('b')}\n`,
      ['unparseable: not valid JSON', 'Event'],
    ],
    [
      'log lines of other programs in between',
      `I0302 starting\n${line('a')}\npanic: no\n`,
      ['unparseable: not valid JSON', 'Event', 'unparseable: not valid JSON'],
    ],
    ['gzip, whatever its name', gzipSync(`${line('a')}\n`), ['Event']],
  ])('reads %s', async (_, bytes, expected) => {
    expect(await kinds(bytes)).toEqual(expected);
  });

  it('reads what a cut-off gzip file holds, and says that there was more', async () => {
    const packed = gzipSync(Array.from({ length: 400 }, (_, index) => line(`${index}-${Math.random()}`)).join('\n'));
    const found = await kinds(packed.subarray(0, packed.length - 20));
    expect(found.filter((kind) => kind === 'Event').length).toBeGreaterThan(300);
    expect(found.at(-1)).toMatch(/^broken: the gzip data is damaged or cut off/);
  });

  it('reads a small cut-off gzip file as well', async () => {
    const packed = gzipSync(`${line('a')}\n${line('b')}\n`);
    expect((await kinds(packed.subarray(0, packed.length - 4))).slice(0, 2)).toEqual(['Event', 'Event']);
  });

  it('says where each line begins, in bytes', async () => {
    const first = JSON.stringify(rawEvent({ userAgent: 'é' }));
    const [, second] = await read(`${first}\n${line('b')}`);
    expect(second).toMatchObject({ candidate: { origin: { offset: Buffer.byteLength(first) + 1 } } });
  });

  it('keeps the bytes of a line that is no UTF-8', async () => {
    const bytes = Buffer.from(line('a').replace('kubectl', 'kube\x01ctl'));
    bytes[bytes.indexOf(1)] = 0xff;
    expect(await read(bytes)).toMatchObject([{ candidate: { invalidBytes: bytes } }]);
  });

  it('reads lines of many megabytes', async () => {
    const long = JSON.stringify(rawEvent({ requestObject: { data: 'x'.repeat(5_000_000) } }));
    expect(await kinds(`${long}\n${line('b')}\n${long}`)).toEqual(['Event', 'Event', 'Event']);
  });

  it('streams an array with an element a line that is too large for one piece, however its chunks end', async () => {
    const element = JSON.stringify(rawEvent({ requestObject: { data: 'x'.repeat(1_000_000) } }));
    expect(await kinds(`[\n${Array(20).fill(element).join(',\n')}\n]`)).toEqual(Array(20).fill('array (streamed)'));
  });

  it('streams an EventList that is too large for one piece', async () => {
    const items = Array.from({ length: 3 }, (_, index) =>
      rawEvent({ auditID: `${index}`, requestObject: { data: 'x'.repeat(6_000_000) } }),
    );
    expect(await kinds(JSON.stringify({ kind: 'EventList', items }))).toEqual(Array(3).fill('EventList (streamed)'));
  });

  it('says in which bytes of the source each record stands', async () => {
    const bytes = Buffer.from(`\ufeff${line('ä')}\r\n\n[${line('b')},${line('c')}]\n{"auditID":`);
    const ranges = (await read(gzipSync(bytes))).map((record) =>
      record.kind === 'candidate' ? record.candidate.range : record.kind === 'unparseable' && record.range,
    );
    const [first, list, , broken] = ranges.map((range) => range && bytes.subarray(range.start, range.end).toString());
    expect(first).toBe(`\ufeff${line('ä')}\r`);
    expect(list).toBe(`[${line('b')},${line('c')}]`);
    expect(ranges[2]).toEqual(ranges[1]);
    expect(broken).toBe('{"auditID":');
  });
});
