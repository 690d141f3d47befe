import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/load/record.ts';
import { type RecordGroup, readRecords } from '../../src/load/records.ts';
import type { Format } from '../../src/load/sniff.ts';
import { DamagedSource } from '../../src/load/unpack/index.ts';
import { chunked } from '../support/chunks.ts';
import { rawEvent } from '../support/events.ts';

async function read(bytes: Buffer | string): Promise<readonly LogRecord[]> {
  return await recordsIn(readRecords('audit.log', chunked(Buffer.from(bytes), [4096]), { onBytes: () => {} }));
}

async function recordsIn(groups: AsyncIterable<RecordGroup>): Promise<readonly LogRecord[]> {
  return (await takenGroups(groups)).flatMap(({ records }) => records);
}

/** Takes each group's records before it asks where to go on, as a loader does. */
async function takenGroups(
  groups: AsyncIterable<RecordGroup>,
): Promise<readonly { readonly records: readonly LogRecord[]; readonly resume: number | undefined | 'never' }[]> {
  const taken = [];
  for await (const { records, resume } of groups)
    taken.push({ records: [...records], resume: resume === undefined ? ('never' as const) : resume() });
  return taken;
}

/** Format of each record, or what became of it. */
const kinds = async (bytes: Buffer | string): Promise<readonly string[]> => (await read(bytes)).map(nameOf);

function nameOf(record: LogRecord): string {
  if (record.kind === 'candidate') return record.candidate.origin.format;
  if (record.kind === 'document') return `document ${record.document.id}`;
  if (record.kind === 'skipped') return `skipped: ${record.what}`;
  return `${record.kind}: ${record.kind === 'unparseable' ? record.detail : record.reason}`;
}

const event = (auditID: string): object => rawEvent({ auditID });
const line = (auditID: string): string => JSON.stringify(event(auditID));

/** Each alias stands for ten of the one before. */
function bombOf(levels: number): string {
  const lines = ['auditID: x', 'a0: &a0 [x, x]'];
  for (let level = 1; level < levels; level += 1)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}

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
    ['an EventList without items', '{"kind":"EventList","items":[]}', ['skipped: empty EventList']],
    ['no JSON', 'kind: Policy\nrules: []\n', ['foreign: no audit event in it']],
    ['a binary file', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1, 10, 123, 10]), ['foreign: a binary file']],
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
    ['YAML', `# as kubectl shows it\nkind: Event\nauditID: a\nstage: Panic\nlevel: Metadata\n`, ['yaml']],
    [
      'several YAML documents',
      '---\nkind: EventList\nitems:\n- {auditID: a, stage: Panic, level: Request}\n---\n---\nauditID: b\n',
      ['yaml/EventList', 'skipped: empty YAML document', 'yaml'],
    ],
    [
      'YAML whose aliases multiply',
      bombOf(12),
      ['unparseable: YAML: Excessive alias count indicates a resource exhaustion attack'],
    ],
    ['YAML that breaks off', 'auditID: a\nuser: {"a\n', [expect.stringMatching(/^unparseable: YAML: /)]],
    ['several events on each line', `${line('a')}${line('b')}\n${line('c')}${line('d')}\n`, Array(4).fill('Event')],
    ['text that begins with heads', `master-0 ${line('a')}\nmaster-1 ${line('b')}\n`, ['node-logs', 'node-logs']],
    [
      'a syslog in which other programs come first',
      `Mar  2 09:41:07 a kernel: x\nMar  2 09:41:07 a kube-apiserver: ${line('a')}\n`,
      ['unparseable: not valid JSON', 'syslog'],
    ],
    [
      'the legacy format of the API server',
      '2026-03-02T09:41:07.1Z AUDIT: id="a" stage="RequestReceived"\n2026-03-02T09:41:07.2Z AUDIT: id="a" response="200"\n',
      Array(2).fill('skipped: legacy text audit line'),
    ],
    [
      "the log of another program's container",
      '2026-03-02T09:41:08.1Z stdout F {\n2026-03-02T09:41:08.1Z stdout F hello\n',
      ['foreign: no audit event in it'],
    ],
    [
      'a pretty-printed part of a line',
      JSON.stringify({ log: 'x'.repeat(20_000), stream: 'stdout', time: 'x' }, null, 1),
      ['unparseable: parts of a line whose end is missing'],
    ],
    ['lone carriage returns and U+2028 within strings', `${line('a\r\u2028b')}\n`, ['Event']],
  ])('reads %s', async (_, bytes, expected) => {
    expect(await kinds(bytes)).toEqual(expected);
  });

  it.each([
    ['a package', JSON.stringify({ name: 'kaudit', scripts: { test: 'vitest' } }, null, 2), true],
    ['JSON on one line', '{"kind": 0}', true],
    ['the JSON lines of another program, many of them', '{"msg":"hello","at":1}\n'.repeat(50_000), true],
    ['pretty-printed documents', '{\n "a": 1\n}\n{\n "a": 2\n}\n', true],
    ['JSON that breaks off', '{\n "a": 1,\n "b', true],
    ['a page with links', '# Notes\n[here](a.md)\n[there](b.md)\n', false],
    ['a page about audit logs', '# auditID\n[it](a.md) is `audit.k8s.io/v1`, with a requestURI\n', false],
  ])('leaves out %s as a whole', async (_, text, holdsJson) => {
    expect(await read(text)).toEqual([{ kind: 'foreign', reason: 'no audit event in it', holdsJson }]);
  });

  it.each([
    ['its beginning', line('a').slice(0, 60)],
    ['its middle', `{${line('a').slice(200, 400)}`],
    ['its end', `[${line('a').slice(-200)}`],
    ['what is no event any more', '{"kind":"Event","requestObject":{"data":'],
    ['lines of which the only event comes late', `${'{"a":1}\n'.repeat(100_000)}${line('a')}`],
  ])('never leaves out a log of which only this is left: %s', async (_, text) => {
    expect(await kinds(text)).not.toContainEqual(expect.stringMatching(/^foreign/));
  });

  it('keeps what a damaged source held, and says that there was more', async () => {
    const damaged = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from(`${line('a')}\n${line('b')}\n${line('c').slice(0, 50)}`);
      throw new DamagedSource('the gzip data is cut off');
    };
    const records = await recordsIn(readRecords('audit.log', damaged(), { onBytes: () => {} }));
    // Of a line that is torn, what there is goes to the quarantine.
    const torn = 'unparseable: not valid JSON';
    expect(records.map(nameOf)).toEqual(['Event', 'Event', torn, 'broken: the gzip data is cut off']);
  });

  it('keeps nothing of a line that the disk has read in part: another time it may read all of it', async () => {
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from(`${line('a')}\n${line('b').slice(0, 50)}`);
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    };
    const records = await recordsIn(readRecords('audit.log', failing(), { onBytes: () => {} }));
    expect(records.map(nameOf)).toEqual(['Event', 'broken: the disk could not read it']);
  });

  it('says why nothing of a source can be read', async () => {
    const closed = async function* (): AsyncGenerator<Buffer> {
      yield* [];
      throw Object.assign(new Error('EACCES: no'), { code: 'EACCES' });
    };
    expect((await recordsIn(readRecords('audit.log', closed(), { onBytes: () => {} }))).map(nameOf)).toEqual([
      'broken: permission denied',
    ]);
  });

  it('reads a list of very many small elements', async () => {
    expect(await kinds(`[{"auditID":0},${'1,'.repeat(299_999)}1]`)).toHaveLength(300_001);
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

  it.each([
    ['records/aks', 'records', '{"category":"kube-audit","properties":{"log":', '}}'],
    ['cloudwatch-subscription', 'logEvents', '{"message":', '}'],
    ['cloudwatch-events', 'events', '{"message":', '}'],
    ['loki', 'streams', '{"stream":{},"values":[["1",', ']]}'],
  ])('streams %s that are too large for one piece', async (format, list, before, after) => {
    const log = JSON.stringify(JSON.stringify(rawEvent({ requestObject: { data: 'x'.repeat(6_000_000) } })));
    const elements = Array(3).fill(`${before}${log}${after}`).join(',');
    expect(await kinds(`{"messageType":"DATA_MESSAGE","logGroup":"g","${list}":[${elements}]}`)).toEqual(
      Array(3).fill(`${format} (streamed)`),
    );
  });
});

describe('a document of another kind that is too large for memory', () => {
  it('is one record, kept by its beginning, and what follows is read', async () => {
    const other = JSON.stringify({ kind: 'other', numbers: Array.from({ length: 2000 }, (_, at) => at) });
    const options = { onBytes: () => {}, format: 'document', longestLine: 4000 } as const;
    const records = await recordsIn(readRecords('a', chunked(Buffer.from(`${other}\n${line('a')}`), [99]), options));
    expect(records).toMatchObject([
      { kind: 'unparseable', offset: 0, reason: 'overlong-line', text: expect.stringMatching(/^\{"kind":"other"/) },
      { kind: 'candidate', candidate: { origin: { offset: 1, format: 'Event (streamed)' } } },
    ]);
    expect(records.map(nameOf)[0]).toBe('unparseable: a value of 8,918 characters: --longest-line allows more');
  });
});

describe('a layout that the user insists on', () => {
  const readAs = async (text: string, format: Format): Promise<readonly string[]> => {
    const groups = readRecords('a', chunked(Buffer.from(text), [99]), { onBytes: () => {}, format });
    return (await recordsIn(groups)).map(nameOf);
  };

  it('is taken, whatever the content looks like', async () => {
    expect(await readAs('no JSON here\n', 'lines')).toEqual(['unparseable: not valid JSON']);
    expect(await readAs(`${line('a')}\n${line('b')}\n`, 'document')).toEqual(Array(2).fill('Event (streamed)'));
    expect(await readAs(line('a'), 'document')).toEqual(['Event']);
    expect(await readAs(line('a'), 'yaml')).toEqual(['yaml']);
  });
});

describe('a log that is read from its middle on', () => {
  it('is lines, whatever the rest begins with', async () => {
    const rest = `${'goroutine 1 [running]\n'.repeat(60_000)}${line('a')}\n`;
    const groups = readRecords('a', chunked(Buffer.from(rest), [1 << 20]), { from: 1000, onBytes: () => {} });
    const last = (await recordsIn(groups)).at(-1);
    expect(last).toMatchObject({
      kind: 'candidate',
      candidate: { origin: { offset: 1000 + rest.length - line('a').length - 1 } },
    });
  });
});

describe('the bytes that are stored', () => {
  it("are never those of a part of a line that was joined, even of the event's own length", async () => {
    const event = JSON.stringify(rawEvent({ requestObject: { a: '\u6f22\u00e9'.repeat(40) } }));
    const time = '2026-03-02T09:41:07.123456789Z stdout';
    for (let cut = 1; cut < 400; cut += 1) {
      const text = `${time} F ${line('first')}\n${time} P ${event.slice(0, cut)}\n${time} F ${event.slice(cut)}\n`;
      const found = await recordsIn(readRecords('a', chunked(Buffer.from(text), [1 << 16]), { onBytes: () => {} }));
      const record = found[1];
      if (record?.kind !== 'candidate') throw new Error(JSON.stringify(record));
      expect(record.candidate.bytes).toBeUndefined();
      expect(record.candidate.text).toBe(event);
    }
  });
});

describe('the bytes of a record', () => {
  it('are those of its line in the source', async () => {
    const bytes = Buffer.from(`\ufeff${line('ä')}\r\n\n[${line('b')},${line('c')}]\n{"auditID":`);
    const ranges = (await read(bytes)).map((record) => {
      if (record.kind === 'candidate') return record.candidate.range;
      return record.kind === 'unparseable' ? record.range : undefined;
    });
    const [first, list, , broken] = ranges.map((range) => range && bytes.subarray(range.start, range.end).toString());
    expect(first).toBe(`\ufeff${line('ä')}\r`);
    expect(list).toBe(`[${line('b')},${line('c')}]`);
    expect(ranges[2]).toEqual(ranges[1]);
    expect(broken).toBe('{"auditID":');
  });
});

describe('where reading may start again', () => {
  const resumes = async (text: string): Promise<readonly (number | undefined | 'never')[]> =>
    (await takenGroups(readRecords('a', chunked(Buffer.from(text), [1 << 20]), { onBytes: () => {} }))).map(
      ({ resume }) => resume,
    );

  it('is behind the last line that ended', async () => {
    const lines = `${line('é')}\n${line('b')}\n`;
    expect(await resumes(lines)).toEqual([Buffer.byteLength(lines)]);
    expect(await resumes(`${lines}{"half`)).toEqual([Buffer.byteLength(lines), undefined]);
  });

  it('is nowhere while a line waits for its rest, and never again within a document', async () => {
    expect(await resumes(`${line('a')}\n2026-03-02T09:41:08.1Z stdout P {\n`)).toEqual([undefined, 'never']);
    expect(await resumes(`${JSON.stringify(event('a'), null, 1)}\n`.repeat(2))).toEqual(['never', 'never']);
  });

  it('loses and repeats nothing, wherever it is used', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => line(`${index}`)).join('\n');
    const bytes = Buffer.from(lines);
    const groups = await takenGroups(readRecords('a', chunked(bytes, [700]), { onBytes: () => {} }));
    for (const [at, { resume }] of groups.entries()) {
      if (typeof resume !== 'number') continue;
      const before = groups.slice(0, at + 1).flatMap(({ records }) => records);
      const after = await read(bytes.subarray(resume));
      expect(before.length + after.length).toBe(40);
    }
  });
});
