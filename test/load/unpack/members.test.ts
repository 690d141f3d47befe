import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DamagedSource, type Packed, type UnpackLimits, unpack } from '../../../src/load/unpack/index.ts';
import { hasZstd } from '../../../src/load/unpack/inflate.ts';
import { slice } from '../../../src/load/unpack/range.ts';
import { chunked } from '../../support/chunks.ts';
import { type TarEntry, tarOf } from '../../support/tar.ts';
import { zstdSync } from '../../support/zstd.ts';

/** Names and texts of all members; an error or a reason stands in angle brackets. */
type Unpacked = readonly (readonly [name: string, text: string])[];

interface How {
  readonly sizes?: readonly number[];
  readonly isRereadable?: boolean;
  readonly limits?: UnpackLimits;
}

function packedBytes(bytes: Buffer, { sizes = [1000], isRereadable = true }: How): Packed {
  return {
    name: 'source',
    key: '/logs/source',
    size: bytes.length,
    named: true,
    isRereadable,
    read: (range = {}) => slice(chunked(bytes, sizes), range),
  };
}

async function unpacked(bytes: Buffer, how: How = {}): Promise<Unpacked> {
  const all: (readonly [string, string])[] = [];
  for await (const member of unpack(packedBytes(bytes, how), how.limits ?? {})) {
    if (member.kind === 'unreadable') all.push([member.name, `<${member.reason}>`]);
    else all.push([member.name, await textOf(member.bytes())]);
  }
  return all;
}

async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  try {
    for await (const chunk of chunks) parts.push(chunk);
  } catch (error) {
    if (!(error instanceof DamagedSource)) throw error;
    return `${Buffer.concat(parts)}<${error.message}>`;
  }
  return Buffer.concat(parts).toString();
}

const files: readonly TarEntry[] = [
  ['must-gather/version', '4.18'],
  [{ name: 'must-gather/audit_logs', type: 'directory' }],
  ['must-gather/audit_logs/a.log.gz', gzipSync('events of a')],
  ['must-gather/audit_logs/b.log', 'events of b'.repeat(100)],
  [{ name: 'must-gather/link', type: 'symlink', linkname: '/etc/passwd' }],
  [{ name: 'must-gather/hard', type: 'link', linkname: 'must-gather/version' }],
  ['../../etc/cron.d/evil', 'not written anywhere'],
  ['empty', ''],
];
const members: Unpacked = [
  ['source!must-gather/version', '4.18'],
  ['source!must-gather/audit_logs/a.log.gz', 'events of a'],
  ['source!must-gather/audit_logs/b.log', 'events of b'.repeat(100)],
  ['source!../../etc/cron.d/evil', 'not written anywhere'],
  ['source!empty', ''],
];

describe('unpack', () => {
  it('gives a plain source as one member', async () => {
    expect(await unpacked(Buffer.from('{"a":1}'))).toEqual([['source', '{"a":1}']]);
    expect(await unpacked(Buffer.from(''))).toEqual([['source', '']]);
  });

  it('gives the files of an archive, packed or not, and none of its links and folders', async () => {
    const tar = await tarOf(files);
    expect(await unpacked(tar)).toEqual(members);
    expect(await unpacked(gzipSync(tar))).toEqual(members);
    expect(await unpacked(gzipSync(tar), { isRereadable: false })).toEqual(members);
  });

  it.skipIf(!hasZstd)('opens an archive that is packed with zstd', async () => {
    expect(await unpacked(zstdSync(await tarOf(files)))).toEqual(members);
  });

  it.skipIf(hasZstd)('says which Node reads zstd, or how to do without', async () => {
    const frame = Buffer.from('KLUv/QRYWQAAaGVsbG8genN0ZApsV/lR', 'base64');
    expect(await unpacked(frame)).toEqual([
      [
        'source',
        '<packed with zstd, which this Node cannot read: use Node 22.15 or newer, or zstd -dc FILE | kaudit load ->',
      ],
    ]);
  });

  it('gives the same whatever the packing, the split into members and the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 2000 }), { maxLength: 6 }),
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (texts, layers, sizes, isRereadable) => {
          let bytes = await tarOf(texts.map((text, index) => [`${index}.log`, text]));
          if (texts.length === 0) return;
          for (let layer = 0; layer < layers; layer += 1) bytes = gzipSync(bytes);
          const wanted = texts.map((text, index) => [`source!${index}.log`, text]);
          expect(await unpacked(bytes, { sizes, isRereadable })).toEqual(wanted);
        },
      ),
    );
  });

  it('delivers what is before the place where an archive is cut off, at every place', async () => {
    const tar = await tarOf([
      ['a', 'first '.repeat(150)],
      ['b', gzipSync('second')],
    ]);
    const whole = `${'first '.repeat(150)}second`;
    for (let size = 512; size <= tar.length - 1024; size += 64) {
      const got = await unpacked(tar.subarray(0, size));
      expect(got.at(-1)?.[0]).toBe('source');
      expect(got.at(-1)?.[1]).toMatch(/^<the tar archive is damaged: .*; what follows could not be read>$/);
      const text = got
        .slice(0, -1)
        .map(([, content]) => content.replace(/<.*>$/, ''))
        .join('');
      expect(whole.startsWith(text)).toBe(true);
      expect(text.length).toBeGreaterThanOrEqual(Math.min(900, size - 512));
    }
  });

  it('delivers what is before a damaged header, and what a cut gzip holds', async () => {
    const tar = await tarOf([
      ['a', 'first'],
      ['b', 'second'],
    ]);
    const damaged = Buffer.from(tar);
    damaged[1024 + 150] = 0x39;
    expect(await unpacked(damaged)).toEqual([
      ['source!a', 'first'],
      ['source', expect.stringContaining('Invalid tar header')],
    ]);
    const random = randomBytes(5000);
    const cut = gzipSync(
      await tarOf([
        ['a', 'first'],
        ['b', random],
      ]),
    ).subarray(0, 2000);
    const got = await unpacked(cut);
    expect(got[0]).toEqual(['source!a', 'first']);
    expect(got[1]?.[1].endsWith('<the gzip data is cut off>')).toBe(true);
    expect(got[1]?.[1].length).toBeGreaterThan(800);
    expect(got[2]).toEqual(['source', '<the gzip data is cut off; what follows could not be read>']);
  });

  it('delivers what is before the place that a disk cannot read, and does not throw', async () => {
    const tar = await tarOf([
      ['a', 'first'],
      ['b', 'second'],
    ]);
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield tar.subarray(0, 1100);
      throw Object.assign(new Error('read'), { code: 'EIO' });
    };
    const source = { ...packedBytes(tar, {}), isRereadable: false, read: broken };
    const seen: string[] = [];
    for await (const member of unpack(source, {})) {
      seen.push(member.kind === 'member' ? await textOf(member.bytes()) : member.reason);
    }
    expect(seen).toEqual(['first', 'the disk could not read it; what follows could not be read']);
  });

  it('goes on with the next file of an archive when one is not read, or only begun', async () => {
    const tar = await tarOf(files);
    const names: string[] = [];
    for await (const member of unpack(packedBytes(tar, {}), {})) {
      names.push(member.name);
      if (member.kind === 'member') for await (const _ of member.bytes()) break;
    }
    expect(names).toEqual(members.map(([name]) => name));
  });

  it('names what it does not open, and what to do', async () => {
    const beginnings = [
      ['fd377a585a000004', 'packed with xz: load it with xz -dc FILE | kaudit load -'],
      ['425a6839314159265359', 'packed with bzip2: load it with bzip2 -dc FILE | kaudit load -'],
      ['504b030414000000', 'a zip archive: unpack it into a folder and load that'],
    ] as const;
    for (const [hex, reason] of beginnings) {
      expect(await unpacked(Buffer.from(hex, 'hex'))).toEqual([['source', `<${reason}>`]]);
    }
  });

  it('takes no log for an archive, whatever a client writes into it', async () => {
    const log = Buffer.from(`{"userAgent":"${'ustar'.repeat(200)}"}`);
    for (let shift = 0; shift < 5; shift += 1) {
      const text = `${' '.repeat(shift)}${log}`;
      expect(await unpacked(Buffer.from(text))).toEqual([['source', text]]);
    }
  });

  it('says of a sparse file that its bytes are not those of the log', async () => {
    const tar = await tarOf([['sparse.log', 'x']]);
    tar[156] = 'S'.charCodeAt(0);
    tar.write('0'.repeat(8), 148);
    const sum = tar.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(await unpacked(tar)).toEqual([
      ['source!sparse.log', '<a sparse file: unpack the archive into a folder and load that>'],
    ]);
  });

  it('stops at the most bytes that are allowed, after delivering what is allowed', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, 'x'));
    const [got] = await unpacked(bomb, { limits: { inflatedBytes: 5_000_000 } });
    expect(got?.[1].replace('x'.repeat(5_000_000), '')).toBe(
      '<it inflates to more than 5,000,000 bytes: --most-inflated allows more>',
    );
  });

  it('says of an archive that no file is in it', async () => {
    const tar = await tarOf([[{ name: 'only/a/folder', type: 'directory' }]]);
    expect(await unpacked(tar)).toEqual([['source', '<an archive without files>']]);
  });

  it('does not open layers without end', async () => {
    let onion: Buffer = Buffer.from('core');
    for (let layer = 0; layer < 7; layer += 1) onion = gzipSync(onion);
    expect(await unpacked(onion)).toEqual([['source', '<packed more than 5 times>']]);
  });

  it('gives every member a key of its own, even where names repeat', async () => {
    const keys: unknown[] = [];
    const tar = await tarOf([
      ['a', '1'],
      ['a', '2'],
    ]);
    for await (const member of unpack(packedBytes(tar, {}), {})) if (member.kind === 'member') keys.push(member.key);
    expect(keys).toEqual(['/logs/source!1!a', '/logs/source!2!a']);
  });

  it('gives any range of a member, and the same for one that must be inflated', async () => {
    for (const bytes of [Buffer.from('0123456789'), gzipSync('0123456789')]) {
      for await (const member of unpack(packedBytes(bytes, { sizes: [3] }), {})) {
        if (member.kind !== 'member') throw new Error(member.reason);
        expect(await textOf(member.bytes({ from: 4 }))).toBe('456789');
        expect(await textOf(member.bytes({ from: 2, to: 5 }))).toBe('234');
        expect(await textOf(member.bytes())).toBe('0123456789');
      }
    }
  });
});
