import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { findSources } from '../../src/load/sources.ts';
import { collect } from '../support/chunks.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-sources-'));
afterAll(() => rmSync(folder, { recursive: true }));

mkdirSync(join(folder, 'logs/old'), { recursive: true });
for (const name of ['logs/b.log', 'logs/a.log', 'logs/old/c.log.gz', 'logs/[x].log'])
  writeFileSync(join(folder, name), name);
symlinkSync(join(folder, 'logs'), join(folder, 'logs/old/loop'));
symlinkSync(join(folder, 'logs/a.log'), join(folder, 'logs/again.log'));

async function found(...paths: readonly string[]): Promise<readonly string[]> {
  const sources = await findSources(paths, Readable.from(['piped']));
  return sources.map((source) =>
    source.kind === 'source'
      ? relative(folder, source.name)
      : `${relative(folder, source.name)}: ${source.reason.replace(`${folder}/`, '')}`,
  );
}
const at = (path: string): string => join(folder, path);

describe('findSources', () => {
  it('finds all files of a folder, sorted, through links but never in circles, each once', async () => {
    expect(await found(at('logs'))).toEqual(['logs/[x].log', 'logs/a.log', 'logs/b.log', 'logs/old/c.log.gz']);
  });

  it('takes a glob where there is no file of that name', async () => {
    expect(await found(at('logs/**/*.gz'), at('logs/[x].log'))).toEqual(['logs/old/c.log.gz', 'logs/[x].log']);
  });

  it('counts a file that is named twice once', async () => {
    expect(await found(at('logs/a.log'), at('logs/a.log'), at('logs/again.log'))).toEqual(['logs/a.log']);
  });

  it('says what cannot be found', async () => {
    expect(await found(at('none.log'), at('*.none'))).toEqual([
      'none.log: no such file or folder',
      '*.none: no file matches',
    ]);
  });

  it('reads stdin for a dash', async () => {
    const [source] = await findSources(['-'], Readable.from(['piped']));
    if (source === undefined || !('open' in source)) throw new Error('stdin is a source');
    expect(Buffer.concat(await collect(source.open())).toString()).toBe('piped');
  });

  it.skipIf(process.getuid?.() === 0)('says that a file may not be read, when it is opened', async () => {
    writeFileSync(at('closed.log'), 'x', { mode: 0 });
    const [source] = await findSources([at('closed.log')], Readable.from([]));
    if (source === undefined || !('open' in source)) throw new Error('it is found');
    await expect(collect(source.open())).rejects.toMatchObject({ code: 'EACCES' });
  });
});
