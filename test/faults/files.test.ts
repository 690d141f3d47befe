/** Disks that are full or fail, and files that change while they are read: D1, D4, F5 of the fault matrix. */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/commands/store.ts';
import { connect } from '../../src/elastic/index.ts';
import {
  type FoundSource,
  findSources,
  type LoadResult,
  load,
  type Source,
  streamSource,
} from '../../src/load/index.ts';
import { kaudit, type Ran } from '../support/cli.ts';
import { freshNamespace } from '../support/cluster.ts';
import { useFakeTarget } from '../support/fake-target.ts';
import { envOf, eventLines, expectExactly, expectFreshEventPasses, ledgerOf } from '../support/oracle.ts';

const LINES = eventLines(100, 10);
const NAMESPACE = freshNamespace();

const on = useFakeTarget();

const file = (name: string, lines: readonly string[]): string => {
  const path = join(on.folder, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
};

const run = (path: string, env: Readonly<Record<string, string>> = {}, behind: readonly string[] = []): Promise<Ran> =>
  kaudit(['load', path, '--namespace', NAMESPACE, '--json'], { env: { ...envOf(on.target), ...env }, behind });

async function loadSources(sources: readonly FoundSource[]): Promise<LoadResult> {
  return await load(await openStore(await connect(on.target.connection), NAMESPACE), sources, {
    namespace: NAMESPACE,
    quarantine: join(on.folder, 'quarantine'),
    signal: new AbortController().signal,
  });
}

/** A home on a disk of 64 kB, in a namespace of its own, where the system lets us have one. */
const SMALL_DISK = ['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o size=64k none "$KAUDIT_HOME" && exec "$0" "$@"'];
const hasSmallDisk = spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;

describe('D1: a load whose quarantine cannot be written', () => {
  const broken = Array.from({ length: 40 }, (_, at) => `{"kind":"Event","auditID":"${at} ${'x'.repeat(4000)}`);

  async function expectSentenceAndThenWhole(ran: Ran, path: string): Promise<void> {
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/cannot be written|cannot take what has to be quarantined/);
    expect(ran.err).not.toContain('    at ');
    const again = await run(path);
    expect(again.code, again.err).toBe(3);
    expect(ledgerOf(again)).toMatchObject({ read: 140, quarantined: 40 });
    await expectExactly(on.target, NAMESPACE, LINES);
    await expectFreshEventPasses(on.target, NAMESPACE);
  }

  it('for something in its place stops with a sentence, and the next is whole', async () => {
    const path = file('audit.log', [...LINES, ...broken]);
    const home = join(on.folder, 'home');
    mkdirSync(home);
    writeFileSync(join(home, 'quarantine'), 'in the way');
    await expectSentenceAndThenWhole(await run(path, { KAUDIT_HOME: home }), path);
    expect(readFileSync(join(home, 'quarantine'), 'utf8')).toBe('in the way');
  });

  it.runIf(hasSmallDisk)('for a full disk stops with a sentence, and the next is whole', async () => {
    const path = file('audit.log', [...LINES, ...broken]);
    const home = join(on.folder, 'home');
    mkdirSync(home);
    const ran = await run(path, { KAUDIT_HOME: home }, SMALL_DISK);
    expect(ran.err).toContain('The disk is full');
    await expectSentenceAndThenWhole(ran, path);
  });
});

describe('D4: sources that fail', () => {
  /** A source that gives some bytes and then an error of the disk. */
  const failing = (name: string, lines: readonly string[], pretty = false): FoundSource =>
    streamSource(name, async function* () {
      const spelt = pretty ? lines.map((line) => JSON.stringify(JSON.parse(line), undefined, 2)) : lines;
      yield Buffer.from(`${spelt.join('\n')}\n`);
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    });

  it.each([
    ['with an event a line', false],
    ['with events over many lines', true],
  ])('%s end alone, with what was read of them, and the others go on', async (_, pretty) => {
    const good = await findSources([file('good.log', LINES.slice(50))], process.stdin);
    const { report, partial } = await loadSources([failing('bad.log', LINES.slice(0, 20), pretty), ...good]);
    expect(partial).toBe(true);
    expect(report).toMatchObject({ read: 70, created: 70, balanced: true });
    expect(report.files.map(({ reason }) => reason)).toEqual(['the disk could not read it', undefined]);
    await expectExactly(on.target, NAMESPACE, [...LINES.slice(0, 20), ...LINES.slice(50)]);
  });
});

describe('D4: a load with few descriptors', () => {
  it('reads many files all the same', async () => {
    const lines = eventLines(600, 12);
    for (const [at, line] of lines.entries()) file(`${at}.log`, [line]);
    const ran = await run(on.folder, {}, ['sh', '-c', 'ulimit -n 256 && exec "$0" "$@"']);
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ read: lines.length, created: lines.length });
    await expectExactly(on.target, NAMESPACE, lines);
  });
});

describe('F5: a file that changes while it is read', () => {
  /** More than is read at once, so that something can happen in between. */
  const many = eventLines(2000, 11);

  /** Loads a file to which something happens after its first piece has been read. */
  async function loadWhile(path: string, happens: () => void): Promise<LoadResult> {
    const [source] = await findSources([path], process.stdin);
    if (source?.kind !== 'source') throw new Error('no source');
    const afterOne = async function* (pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      let count = 0;
      for await (const piece of pieces) {
        yield piece;
        count += 1;
        if (count === 1) happens();
      }
    };
    const members: Source['members'] = async function* (watch) {
      for await (const member of source.members(watch)) {
        if (member.kind !== 'member') yield member;
        else yield { ...member, bytes: (range) => afterOne(member.bytes(range)) };
      }
    };
    return await loadSources([{ ...source, members }]);
  }

  it('is told to be another one when it is replaced', async () => {
    const path = file('audit.log', many);
    const { report, partial } = await loadWhile(path, () => {
      renameSync(path, `${path}.1`);
      writeFileSync(path, `${LINES[0]}\n`);
    });
    expect(partial).toBe(true);
    expect(report).toMatchObject({ created: many.length, files: [{ reason: expect.stringContaining('replaced') }] });
    await expectExactly(on.target, NAMESPACE, many);
  });

  it('is read with what was added, or without', async () => {
    const path = file('audit.log', many);
    const { report } = await loadWhile(path, () => appendFileSync(path, `${LINES[0]}\n`));
    expect(report.quarantined).toBe(0);
    expect(report.created).toBeGreaterThanOrEqual(many.length);
    await loadWhile(path, () => {});
    await expectExactly(on.target, NAMESPACE, [...many, LINES[0] ?? '']);
  });

  it('is told to be incomplete when it becomes shorter', async () => {
    const path = file('audit.log', many);
    const { report, partial } = await loadWhile(path, () => truncateSync(path, 1000));
    expect(partial).toBe(true);
    expect(report.files[0]?.reason).toMatch(/shrank/);
    expect(report.created).toBeLessThan(many.length);
    expect(report.balanced).toBe(true);
  });

  it('is told to be incomplete when a shorter one has its place before it is read', async () => {
    const path = file('audit.log', many);
    const sources = await findSources([path], process.stdin);
    file('audit.log', LINES.slice(0, 1));
    const { report, partial } = await loadSources(sources);
    expect(partial).toBe(true);
    expect(report.files[0]?.reason).toMatch(/shrank|replaced/);
  });

  it('is read once when it has two names', async () => {
    const path = file('audit.log', LINES);
    symlinkSync(path, join(on.folder, 'link.log'));
    const sources = await findSources([on.folder], process.stdin);
    expect((await loadSources(sources)).report).toMatchObject({ read: LINES.length, created: LINES.length });
  });

  it('is stored once when it has two names on the disk', async () => {
    const path = file('audit.log', LINES);
    linkSync(path, join(on.folder, 'hard.log'));
    const sources = await findSources([on.folder], process.stdin);
    expect((await loadSources(sources)).report).toMatchObject({ created: LINES.length, quarantined: 0 });
    await expectExactly(on.target, NAMESPACE, LINES);
  });
});
