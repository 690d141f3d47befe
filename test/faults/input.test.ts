/** Bytes that nobody should write, and that stand in logs all the same: P1 to P6 of the fault matrix. */
import { createWriteStream, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/elastic/index.ts';
import type { LoadReport } from '../../src/load/index.ts';
import { kaudit } from '../support/cli.ts';
import { freshNamespace, loadInto } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import { useFakeTarget } from '../support/fake-target.ts';
import { isLong } from '../support/long.ts';
import { envOf, eventLines, expectExactly, expectFreshEventPasses, ledgerOf } from '../support/oracle.ts';

const LINES = eventLines(20, 8);
const NAMESPACE = freshNamespace();
const folder = mkdtempSync(join(tmpdir(), 'kaudit-input-'));

const on = useFakeTarget();

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

async function load(...paths: readonly string[]): Promise<LoadReport> {
  const { report } = await loadInto(await connect(on.target.connection), NAMESPACE, paths);
  return ledgerOf({ out: JSON.stringify(report), err: '' });
}

const [one = '', two = ''] = LINES;
/** Lines around something odd: what stands beside it must not suffer. */
const around = (odd: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${one}\n`), Buffer.from(odd), Buffer.from(`\n${two}`)]);

describe('P1: a huge line', () => {
  /** A log with a line of so many megabytes between two events. */
  async function logWithHugeLine(megabytes: number): Promise<string> {
    const path = join(folder, `huge-${megabytes}.log`);
    const stream = createWriteStream(path);
    stream.write(`${one}\n{"kind":"Event","note":"`);
    const piece = 'x'.repeat(1024 * 1024);
    for (let written = 0; written < megabytes; written += 1) {
      if (!stream.write(piece)) await new Promise<void>((resolve) => stream.once('drain', () => resolve()));
    }
    stream.end(`"}\n${two}\n`);
    await finished(stream);
    return path;
  }

  // Beyond 512 MiB a text does not fit into a string of V8.
  it.each(isLong ? [65, 600] : [65])(
    'of %i MiB is quarantined in bounded memory',
    async (megabytes) => {
      const path = await logWithHugeLine(megabytes);
      const ran = await kaudit(['load', path, '--namespace', NAMESPACE, '--json'], {
        env: { ...envOf(on.target), NODE_OPTIONS: '--max-old-space-size=256' },
      });
      expect(ran.code, ran.err).toBe(3);
      expect(ledgerOf(ran)).toMatchObject({ read: 3, created: 2, quarantined: 1 });
      await expectExactly(on.target, NAMESPACE, [one, two]);
    },
    300_000,
  );
});

const NOISE = Buffer.from(Array.from({ length: 2000 }, (_, at) => (at * 7919) % 256).filter((byte) => byte !== 10));

describe('P2: bytes that are no text', () => {
  it.each<[string, Buffer]>([
    ['NULs, as after a power cut', Buffer.alloc(4096)],
    ['binary noise', NOISE],
    ['an overlong form', Buffer.from([0xc0, 0xaf])],
    ['half of an event', Buffer.from(one.slice(0, 200))],
    ['a word', Buffer.from('oops')],
  ])('are quarantined: %s', async (name, odd) => {
    expect(await load(file(`${name}.log`, around(odd)))).toMatchObject({ read: 3, created: 2, quarantined: 1 });
    await expectExactly(on.target, NAMESPACE, [one, two]);
    await expectFreshEventPasses(on.target, NAMESPACE);
  });

  it('that stand within an event are kept with it', async () => {
    const bytes = Buffer.from(JSON.stringify(rawEvent({ userAgent: 'x\x01y' })).replace('\\u0001', '\x01'));
    bytes[bytes.indexOf(1)] = 0xfe;
    expect(await load(file('inside.log', around(bytes)))).toMatchObject({ created: 3, degraded: 1 });
  });

  it('that are half of a surrogate pair are kept', async () => {
    const odd = JSON.stringify(rawEvent()).replace('some-secret', '\\ud800');
    expect(await load(file('surrogate.log', around(odd)))).toMatchObject({ created: 3 });
  });
});

describe('P3: line ends and blanks', () => {
  const separator = '\u2028 and \u2029 and \u0085';
  it.each<[string, string | Buffer, number]>([
    ['CRLF', `${LINES.join('\r\n')}\r\n`, LINES.length],
    ['no newline at the end', LINES.join('\n'), LINES.length],
    ['blank lines', `\n\n${LINES.join('\n\n \t\n')}\n\n`, LINES.length],
    ['a byte order mark', Buffer.from(`\ufeff${LINES.join('\n')}`), LINES.length],
    ['a separator within a string', JSON.stringify(rawEvent({ userAgent: separator })), 1],
    ['nothing', '', 0],
    ['blanks only', ' \n\t\r\n  \n', 0],
  ])('do not matter: %s', async (name, content, events) => {
    expect(await load(file(`${name}.log`, content))).toMatchObject({ read: events, created: events });
    expect(await on.target.stored(NAMESPACE)).toHaveLength(events);
  });
});

describe('P4: JSON that is legal and not meant well', () => {
  const large = 'x'.repeat(10_000_000);
  it.each<[string, string]>([
    [
      'a million levels deep',
      JSON.stringify(rawEvent()).replace('"verb":"get"', `"verb":"get","extra":${'['.repeat(1e6)}${']'.repeat(1e6)}`),
    ],
    [
      'of a million keys',
      JSON.stringify(rawEvent({ responseObject: Object.fromEntries(Array.from({ length: 1e6 }, (_, at) => [at, 0])) })),
    ],
    ['with a key twice', JSON.stringify(rawEvent()).replace('"verb":"get"', '"verb":"get","verb":"delete"')],
    [
      'with keys of prototypes',
      JSON.stringify(rawEvent()).replace(
        '"verb":"get"',
        '"verb":"get","__proto__":{"x":1},"constructor":{"prototype":{"x":1}}',
      ),
    ],
    ['with a number beyond all numbers', JSON.stringify(rawEvent()).replace('"code":200', '"code":1e400')],
    ['with ten megabytes of a string', JSON.stringify(rawEvent({ requestObject: { note: large } }))],
  ])(
    'has one fate, and its neighbours theirs: %s',
    async (name, odd) => {
      const { read, created, quarantined } = await load(file(`${name}.log`, around(odd)));
      expect({ read, fates: created + quarantined }).toEqual({ read: 3, fates: 3 });
      expect(created).toBeGreaterThanOrEqual(2);
      expect(Reflect.get({}, 'x')).toBeUndefined();
      await expectFreshEventPasses(on.target, NAMESPACE);
    },
    120_000,
  );
});

describe('P5: gzip', () => {
  const packed = gzipSync(`${LINES.join('\n')}\n`);
  const half = gzipSync(`${LINES.slice(0, 10).join('\n')}\n`);
  const rest = gzipSync(`${LINES.slice(10).join('\n')}\n`);
  const damaged = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 0xff;
    return copy;
  };

  it.each<[string, string, Buffer]>([
    ['several members', 'members.gz', Buffer.concat([half, rest])],
    ['an empty member', 'empty-member.gz', Buffer.concat([gzipSync(''), packed])],
    ['a name that does not say so', 'plain.log', packed],
    ['zeros after its end', 'zeros.gz', Buffer.concat([packed, Buffer.alloc(512)])],
  ])('is read to its end: %s', async (_, name, bytes) => {
    expect(await load(file(name, bytes))).toMatchObject({ read: LINES.length, created: LINES.length });
    await expectExactly(on.target, NAMESPACE, LINES);
  });

  it('is not unpacked where only the name says so', async () => {
    expect(await load(file('only-name.gz', LINES.join('\n')))).toMatchObject({ created: LINES.length });
  });

  const many = eventLines(1000, 9);
  const large = gzipSync(`${many.join('\n')}\n`);
  const first = gzipSync(`${many.slice(0, 500).join('\n')}\n`);
  const second = gzipSync(`${many.slice(500).join('\n')}\n`);

  it.each<[string, Buffer, number]>([
    ['a wrong checksum', damaged(large, large.length - 6), 1000],
    ['a damaged second header', Buffer.concat([first, damaged(second, 0)]), 500],
    ['garbage after its end', Buffer.concat([large, Buffer.from('garbage')]), 1000],
    ['a cut in its second member', Buffer.concat([first, second.subarray(0, 30)]), 500],
  ])('that is damaged gives what is before the damage, and says so: %s', async (name, bytes, whole) => {
    const path = file(`${name}.gz`, bytes);
    const ran = await kaudit(['load', path, '--namespace', NAMESPACE, '--json'], { env: envOf(on.target) });
    expect(ran.code, ran.err).toBe(3);
    const report = ledgerOf(ran);
    expect(report.files[0]?.reason).toMatch(/damaged|cut off/);
    // zlib drops what it has inflated of the piece of 2 KiB that fails.
    expect(report.created).toBeGreaterThan(whole * 0.8);
    await expectExactly(on.target, NAMESPACE, many.slice(0, report.created));
    await expectFreshEventPasses(on.target, NAMESPACE);
  });

  it(
    'that is cut anywhere gives whole events only, and is never called complete',
    async () => {
      const step = isLong ? 1 : 97;
      for (let end = 1; end < packed.length; end += step) {
        const path = file('cut.gz', packed.subarray(0, end));
        const cluster = await connect(on.target.connection);
        const { report, partial } = await loadInto(cluster, `cut${end}`, [path]);
        expect([end, partial]).toEqual([end, true]);
        expect(report.balanced).toBe(true);
        const stored = await on.target.stored(`cut${end}`);
        await expectExactly(on.target, `cut${end}`, LINES.slice(0, stored.length));
      }
    },
    isLong ? 600_000 : 60_000,
  );

  it('within gzip is read like any other', async () => {
    const report = await load(file('nested.gz', gzipSync(packed)));
    expect(report).toMatchObject({ created: LINES.length, balanced: true });
  });

  it('that unpacks to a thousand times its size is read in bounded memory', async () => {
    const bomb = gzipSync(Buffer.alloc((isLong ? 1000 : 300) * 1024 * 1024, ' '));
    const path = file('bomb.gz', Buffer.concat([packed, bomb]));
    expect(gunzipSync(packed).length).toBeGreaterThan(0);
    const ran = await kaudit(['load', path, '--namespace', NAMESPACE, '--json'], {
      env: { ...envOf(on.target), NODE_OPTIONS: '--max-old-space-size=256' },
    });
    expect([0, 3]).toContain(ran.code);
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length });
    await expectExactly(on.target, NAMESPACE, LINES);
  }, 300_000);
});

describe('P5: what inflates to more than is allowed', () => {
  it('is read as far as that, and said to be more', async () => {
    const path = file('more.gz', gzipSync(Buffer.concat([around(''), Buffer.alloc(10_000_000, '\n')])));
    const args = ['load', path, '--namespace', NAMESPACE, '--json', '--most-inflated'];
    const ran = await kaudit([...args, String(1 / 1024)], { env: envOf(on.target) });
    expect(ran.code, ran.err).toBe(3);
    const { created, files } = ledgerOf(ran);
    expect(created).toBe(2);
    expect(files[0]?.reason).toBe('it inflates to more than 1,048,576 bytes: --most-inflated allows more');
    const nothing = await kaudit([...args, '0'], { env: envOf(on.target) });
    expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining('--most-inflated is 0')]);
  });
});

describe('P6: JSON that is no event, and events of other kinds', () => {
  it.each<[string, string, Partial<LoadReport>]>([
    ['another object of Kubernetes', '{"kind":"Pod","apiVersion":"v1"}', { created: 2, quarantined: 1 }],
    [
      'the legacy format',
      '2016-09-07T13:03:57.400333046Z AUDIT: id="5c3b8227" method="GET"',
      { created: 2, skipped: 1 },
    ],
    ['the first version of the API', JSON.stringify(rawEvent({ apiVersion: 'audit.k8s.io/v1beta1' })), { created: 3 }],
    ['unknown fields', JSON.stringify(rawEvent({ fromTheFuture: { a: [1] } })), { created: 3 }],
    [
      'no times',
      JSON.stringify(rawEvent({ stageTimestamp: undefined, requestReceivedTimestamp: undefined })),
      { created: 3 },
    ],
    [
      'the year 9999',
      JSON.stringify(rawEvent({ stageTimestamp: '9999-12-31T23:59:59Z', requestReceivedTimestamp: undefined })),
      { created: 3 },
    ],
    [
      'a year before all',
      JSON.stringify(rawEvent({ stageTimestamp: '-0001-01-01T00:00:00Z', requestReceivedTimestamp: undefined })),
      { created: 3 },
    ],
  ])('has a fate: %s', async (name, odd, counts) => {
    expect(await load(file(`${name}.log`, around(odd)))).toMatchObject({ read: 3, ...counts });
    await expectFreshEventPasses(on.target, NAMESPACE);
  });

  it.each<[string, string]>([
    [
      'an EventList',
      JSON.stringify({
        kind: 'EventList',
        apiVersion: 'audit.k8s.io/v1',
        items: LINES.map((line) => JSON.parse(line)),
      }),
    ],
    [
      'a pretty EventList',
      JSON.stringify({ kind: 'EventList', items: LINES.map((line) => JSON.parse(line)) }, null, 2),
    ],
    ['an array', JSON.stringify(LINES.map((line) => JSON.parse(line)))],
    [
      'an EventList a line',
      LINES.map((line) => JSON.stringify({ kind: 'EventList', items: [JSON.parse(line)] })).join('\n'),
    ],
  ])('is read through: %s', async (name, content) => {
    expect(await load(file(`${name}.json`, content))).toMatchObject({ read: LINES.length, created: LINES.length });
    await expectExactly(on.target, NAMESPACE, LINES);
  });
});
