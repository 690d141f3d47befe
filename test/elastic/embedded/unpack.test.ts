import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFromArchive, unpack } from '../../../src/elastic/embedded/unpack.ts';
import { temporaryFolder } from './temporary.ts';
import { zipOf } from './zip.ts';

async function archiveOf(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, 'archive.zip');
  await writeFile(path, zipOf(files));
  return path;
}

describe('unpacking', () => {
  it('leaves the top folder out, and makes only what lies in bin executable', async () => {
    const folder = await temporaryFolder();
    const archive = await archiveOf(folder, {
      'server-1/': '',
      'server-1/bin/run': 'go',
      'server-1/lib/deep/a.jar': 'A',
      'server-1/logs/': '',
    });
    const server = join(folder, 'server');
    await unpack(archive, server);
    expect((await readdir(server)).sort()).toEqual(['bin', 'lib', 'logs']);
    expect(await readFile(join(server, 'lib', 'deep', 'a.jar'), 'utf8')).toBe('A');
    expect((await stat(join(server, 'bin', 'run'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(server, 'lib', 'deep', 'a.jar'))).mode & 0o777).toBe(0o644);
  });

  it('can be read by another user, whatever the umask', async () => {
    const folder = await temporaryFolder();
    const archive = await archiveOf(folder, { 'server-1/lib/a.jar': 'A' });
    const umask = process.umask(0o077);
    try {
      await unpack(archive, join(folder, 'server'));
    } finally {
      process.umask(umask);
    }
    expect((await stat(join(folder, 'server', 'lib'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(folder, 'server', 'lib', 'a.jar'))).mode & 0o777).toBe(0o644);
  });

  it.each(['server/../../escaped', '../escaped', '/escaped', 'server/a\\..\\..\\escaped'])(
    'refuses %s, which may lead out of the folder',
    async (name) => {
      const folder = await temporaryFolder();
      const archive = await archiveOf(folder, { [name]: 'gotcha' });
      await expect(unpack(archive, join(folder, 'server'))).rejects.toMatchObject({ code: 'bad-download' });
    },
  );

  it('writes nothing beside the folder, whatever the names are', async () => {
    const folder = await temporaryFolder();
    const segment = fc.constantFrom('..', '.', '', 'a', 'b.jar', '\\', 'C:', '\u0000', '…');
    const names = fc.uniqueArray(
      fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(names, async (chosen) => {
        const archive = await archiveOf(folder, Object.fromEntries(chosen.map((name) => [name, 'x'])));
        await unpack(archive, join(folder, 'server')).catch(() => {});
        expect((await readdir(folder)).filter((name) => name !== 'server')).toEqual(['archive.zip']);
      }),
      { numRuns: 60 },
    );
  });

  it('says that a file is no archive', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'archive.zip'), 'Sign in to the guest network');
    await expect(unpack(join(folder, 'archive.zip'), join(folder, 'server'))).rejects.toMatchObject({
      code: 'bad-download',
      message: expect.stringContaining('archive.zip'),
    });
  });
});

describe('reading one file of an archive', () => {
  it('gives its bytes', async () => {
    const archive = await archiveOf(await temporaryFolder(), { 'META-INF/a': 'first', 'META-INF/b': 'second' });
    expect(String(await readFromArchive(archive, 'META-INF/b'))).toBe('second');
  });

  it('says when it is not there', async () => {
    const archive = await archiveOf(await temporaryFolder(), { a: '' });
    await expect(readFromArchive(archive, 'b')).rejects.toMatchObject({ code: 'bad-download' });
  });
});
