import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { findSources, type Source } from '../../src/load/sources.ts';
import type { Member, SliceRange } from '../../src/load/unpack/index.ts';
import { tarOf } from '../support/tar.ts';

const root = mkdtempSync(join(realpathSync(tmpdir()), 'kaudit-sources-'));
afterAll(() => rmSync(root, { recursive: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
});
const at = (path: string): string => join(folder, path);

function put(path: string, content: string | Buffer): string {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
  return at(path);
}

/** Names below the folder; a source that is left out with its reason. */
async function found(...paths: readonly string[]): Promise<readonly string[]> {
  const sources = await findSources(paths, Readable.from(['piped']));
  return sources.map((source) =>
    source.kind === 'source'
      ? relative(folder, source.name)
      : `${relative(folder, source.name)}: ${source.reason.replace(`${folder}/`, '')}`,
  );
}

async function onlySource(path: string, stdin = Readable.from([])): Promise<Source> {
  const [source] = await findSources([path], stdin);
  if (source?.kind !== 'source') throw new Error(`${path} is no source`);
  return source;
}

interface Heard {
  readonly remarks: string[];
  bytes: number;
}

async function onlyMember(source: Source, heard: Heard = { remarks: [], bytes: 0 }): Promise<Member> {
  const watch = {
    onRead: (bytes: number) => {
      heard.bytes += bytes;
    },
    onRemark: (remark: string) => void heard.remarks.push(remark),
  };
  for await (const member of source.members(watch)) if (member.kind === 'member') return member;
  throw new Error(`${source.name} has no member`);
}

/** Reads a member; `midway` happens after its first chunk. */
async function read(member: Member, range?: SliceRange, midway = (): void => {}): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of member.bytes(range)) {
    parts.push(chunk);
    if (parts.length === 1) midway();
  }
  return Buffer.concat(parts).toString();
}

const line = (number: number): string => `{"auditID":"${number}"}\n`;
const log = (count: number, first = 0): string => Array.from({ length: count }, (_, at) => line(first + at)).join('');

describe('findSources', () => {
  it('finds all files of a folder, sorted, through links but never in circles, each once', async () => {
    for (const path of ['logs/b.log', 'logs/a.log', 'logs/old/c.log.gz', 'logs/[x].log']) put(path, path);
    symlinkSync(at('logs'), at('logs/old/loop'));
    symlinkSync(at('logs/a.log'), at('logs/again.log'));
    linkSync(at('logs/a.log'), at('logs/hard.log'));
    expect(await found(at('logs'))).toEqual(['logs/[x].log', 'logs/a.log', 'logs/b.log', 'logs/old/c.log.gz']);
    expect(await found(at('logs/**/*.gz'), at('logs/[x].log'))).toEqual(['logs/old/c.log.gz', 'logs/[x].log']);
    expect(await found(at('logs/a.log'), at('logs/a.log'), at('logs/again.log'))).toEqual(['logs/a.log']);
  });

  it('says what cannot be found, and finds the rest', async () => {
    put('a.log', 'a');
    symlinkSync(at('nowhere'), at('broken'));
    expect(await found(at('none.log'), at('*.none'), folder)).toEqual([
      'none.log: no such file or folder',
      '*.none: no file matches',
      'a.log',
      'broken: no such file or folder',
    ]);
  });

  // Root reads everything.
  it.skipIf(process.getuid?.() === 0)('says which folder below a pattern it may not read', async () => {
    put('closed/a.log', 'a');
    put('open/b.log', 'b');
    chmodSync(at('closed'), 0o000);
    const all = await found(at('**/*.log'));
    chmodSync(at('closed'), 0o700);
    expect(all).toEqual(['closed: permission denied', 'open/b.log']);
  });

  it('reads stdin for a dash, whatever it holds', async () => {
    expect(await read(await onlyMember(await onlySource('-', Readable.from(['piped']))))).toBe('piped');
    expect(await read(await onlyMember(await onlySource('-', Readable.from([gzipSync('packed')]))))).toBe('packed');
    const tar = await tarOf([['in/tar.log', gzipSync('archived')]]);
    const member = onlyMember(await onlySource('-', Readable.from([gzipSync(tar)])));
    expect(await member).toMatchObject({ name: '-!in/tar.log', key: undefined });
  });

  it('reads a named pipe that is named, and waits for none that is found', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const writing = writeFile(at('pipe'), gzipSync('piped'));
    expect(await read(await onlyMember(await onlySource(at('pipe'))))).toBe('piped');
    await writing;
    expect(await found(folder)).toEqual(['pipe: no regular file']);
  });

  it.skipIf(process.getuid?.() === 0)('says that a file may not be read, when it is read', async () => {
    writeFileSync(at('closed.log'), 'x', { mode: 0 });
    await expect(read(await onlyMember(await onlySource(at('closed.log'))))).rejects.toMatchObject({ code: 'EACCES' });
  });

  it('finds a thousand files', async () => {
    for (let number = 0; number < 1000; number += 1) put(`${number % 10}/${number}.log`, line(number));
    expect(await found(folder)).toHaveLength(1000);
  });
});

describe('siblings', () => {
  it('takes all files of a rotation', async () => {
    put('audit.log', log(3));
    put('audit-2026-01-02T03-04-05.678.log', log(3, 100));
    put('audit-2026-01-02T03-04-06.678.log.gz', gzipSync(log(3, 200)));
    expect(await found(folder)).toEqual([
      'audit-2026-01-02T03-04-05.678.log',
      'audit-2026-01-02T03-04-06.678.log.gz',
      'audit.log',
    ]);
  });

  it('reads a file rather than what a rotation is still compressing of it', async () => {
    put('audit.log', log(500));
    const whole = gzipSync(log(500));
    const reason = 'audit.log.gz: all that is in it is in audit.log, which is read';
    for (const size of [0, 5, Math.floor(whole.length / 2), whole.length]) {
      put('audit.log.gz', whole.subarray(0, size));
      expect(await found(folder)).toEqual(['audit.log', reason]);
    }
  });

  it('reads what cannot be read beside the file that it is named after, to say so', async () => {
    put('audit.log', log(500));
    put('audit.log.gz', Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(50, 0xff)]));
    expect(await found(folder)).toEqual(['audit.log', 'audit.log.gz']);
  });

  it('reads both where the compressed one has something that the other has not', async () => {
    put('audit.log', log(100));
    for (const other of [log(101), log(100, 1), `${log(99)}${line(1000)}`]) {
      put('audit.log.gz', gzipSync(other));
      expect(await found(folder)).toEqual(['audit.log', 'audit.log.gz']);
    }
  });

  it('reads a content once, whatever its names and compression', async () => {
    put('a.log', log(100));
    put('b/copy.log', log(100));
    put('b/other.log', log(99) + line(1000));
    put('c.gz', gzipSync(log(100)));
    put('d.log', gzipSync(gzipSync(log(100), { level: 1 })));
    expect(await found(folder)).toEqual([
      'a.log',
      'b/copy.log: the same content as a.log',
      'b/other.log',
      'c.gz: the same content as a.log',
      'd.log: the same content as a.log',
    ]);
  });

  it('reads what begins like another and is longer, and what is damaged', async () => {
    put('a.log', log(100));
    put('b.log', log(101));
    put('c.gz', gzipSync(log(100)).subarray(0, -4));
    expect(await found(folder)).toEqual(['a.log', 'b.log', 'c.gz']);
  });

  it('leaves empty files alone', async () => {
    put('a.log', '');
    put('b.log', '');
    expect(await found(folder)).toEqual(['a.log', 'b.log']);
  });
});

describe('a file', () => {
  it('gives what a checkpoint needs, and its bytes from any place', async () => {
    const source = await onlySource(put('a.log', '0123456789'));
    expect(source).toMatchObject({ size: 10, modified: expect.any(Number) });
    const member = await onlyMember(source);
    expect(member).toMatchObject({ name: at('a.log'), key: at('a.log'), size: 10, named: true });
    expect(await read(member, { from: 4 })).toBe('456789');
    expect(await read(member, { from: 4, to: 6 })).toBe('45');
    expect(await read(member, { from: 10 })).toBe('');
    expect(await read(member)).toBe('0123456789');
  });

  it('tells each byte that is read once, though it looks at the beginning first', async () => {
    const heard = { remarks: [], bytes: 0 };
    const packed = gzipSync(log(1000));
    await read(await onlyMember(await onlySource(put('a.log.gz', packed)), heard));
    expect(heard.bytes).toBe(packed.length);
  });

  it('is read to the size that it had, and to the end of the line that this cuts; the rest is told', async () => {
    const heard = { remarks: [], bytes: 0 };
    const text = log(20_000);
    const member = await onlyMember(await onlySource(put('a.log', `${text}{"half":`)), heard);
    const grown = (): void => appendFileSync(at('a.log'), `true}\n${line(1)}`);
    expect(await read(member, undefined, grown)).toBe(`${text}{"half":true}\n`);
    expect(heard.remarks).toEqual([`grew while it was read: ${line(1).length} bytes more, load again`]);
  });

  it('is damaged when it shrinks while it is read', async () => {
    const member = await onlyMember(await onlySource(put('a.log', log(100_000))));
    const shrink = (): void => truncateSync(at('a.log'), 300_000);
    await expect(read(member, undefined, shrink)).rejects.toThrow('the file shrank while it was read');
    await expect(read(member, { from: 300_001 })).rejects.toThrow('the file shrank while it was read');
  });

  it('is read to its end when it is rotated meanwhile, and then the new one is told', async () => {
    const text = log(100_000);
    const member = await onlyMember(await onlySource(put('a.log', text)));
    const rotate = (): void => {
      renameSync(at('a.log'), at('a-2026.log'));
      put('a.log', line(1));
    };
    let got = '';
    const reading = async (): Promise<void> => {
      for await (const chunk of member.bytes()) {
        if (got === '') rotate();
        got += chunk.toString();
      }
    };
    await expect(reading()).rejects.toThrow('the file was replaced while it was read: load again');
    expect(got).toBe(text);
  });

  it('is whole when it is removed while it is read, as a rotation does with what it has compressed', async () => {
    const text = log(100_000);
    const member = await onlyMember(await onlySource(put('a.log', text)));
    expect(await read(member, undefined, () => rmSync(at('a.log')))).toBe(text);
  });

  it('is told to be another one when it was replaced after it was found', async () => {
    const source = await onlySource(put('a.log', log(3)));
    put('new.log', line(7));
    renameSync(at('new.log'), at('a.log'));
    await expect(read(await onlyMember(source))).rejects.toThrow('the file was replaced');
  });
});
