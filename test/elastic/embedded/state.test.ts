import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forgetState, newPassword, readState, writeState } from '../../../src/elastic/embedded/state.ts';
import { temporaryFolder } from './temporary.ts';

const STATE = { version: '9.5.3', port: 9200, password: 'secret', process: { pid: 7, started: 'then' } };

describe('the state of a home', () => {
  it('comes back as it was written, and only its owner can read it', async () => {
    const home = await temporaryFolder();
    await writeState(home, STATE);
    expect(await readState(home)).toEqual(STATE);
    expect(await readdir(home)).toEqual(['node.json']);
    expect((await stat(join(home, 'node.json'))).mode & 0o777).toBe(0o600);
  });

  it('is none in an empty home, in one that does not exist, and after it is forgotten', async () => {
    const home = await temporaryFolder();
    expect(await readState(home)).toBeUndefined();
    expect(await readState(join(home, 'missing'))).toBeUndefined();
    await writeState(home, STATE);
    await forgetState(home);
    expect(await readState(home)).toBeUndefined();
  });

  it.each(['', '{"version":', '{"version":"9.5.3"}', '{"version":"9.5.3","port":"9200","password":"x"}', '[]'])(
    'says which file is damaged when it holds %j',
    async (text) => {
      const home = await temporaryFolder();
      await writeFile(join(home, 'node.json'), text);
      await expect(readState(home)).rejects.toMatchObject({
        code: 'invalid-configuration',
        message: expect.stringContaining(join(home, 'node.json')),
      });
    },
  );
});

describe('a new password', () => {
  it('is long, different every time, and fit for a header and a shell', () => {
    expect(newPassword()).toMatch(/^[\w-]{32}$/);
    expect(newPassword()).not.toBe(newPassword());
  });
});
