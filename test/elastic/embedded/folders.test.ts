import { chmod, mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canReach, makeFolder, nodeFolders, requireRoom } from '../../../src/elastic/embedded/folders.ts';
import { readSettings } from '../../../src/shared/settings.ts';
import { temporaryFolder } from './temporary.ts';

/** The owner of what the tests make, and somebody who has nothing to do with it. */
const OWNER = { uid: process.getuid?.() ?? 0, gid: 4_000_000 };
const STRANGER = { uid: 4_000_001, gid: 4_000_001 };

function settingsOf(home: string, cache: string) {
  return readSettings({ KAUDIT_HOME: home, KAUDIT_CACHE: cache });
}

describe('what a user can reach', () => {
  it('ends at a folder that is closed to him', async () => {
    const folder = await temporaryFolder();
    expect(await canReach(join(folder, 'not', 'there', 'yet'), OWNER)).toBe(true);
    expect(await canReach(join(folder, 'not', 'there', 'yet'), STRANGER)).toBe(false);
    await mkdir(join(folder, 'closed'));
    await chmod(join(folder, 'closed'), 0o600);
    expect(await canReach(join(folder, 'closed', 'below'), OWNER)).toBe(false);
  });

  it('ends at a closed folder behind a link, too', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'closed', 'open'), { recursive: true });
    await symlink(join(folder, 'closed', 'open'), join(folder, 'link'));
    expect(await canReach(join(folder, 'link', 'new'), OWNER)).toBe(true);
    await chmod(join(folder, 'closed'), 0o600);
    expect(await canReach(join(folder, 'link', 'new'), OWNER)).toBe(false);
    await chmod(join(folder, 'closed'), 0o700);
  });
});

describe('the folders of a node', () => {
  it('lie in its home and cache', async () => {
    const folder = await temporaryFolder();
    const found = await nodeFolders(settingsOf(join(folder, 'home'), join(folder, 'cache')), undefined);
    expect(found.data).toBe(join(folder, 'home', 'elasticsearch', 'data'));
    expect(found.servers).toBe(join(folder, 'cache'));
  });

  it('lie under /var, apart for each home, when another user runs the server and cannot reach them', async () => {
    const folder = await temporaryFolder();
    const find = (home: string) => nodeFolders(settingsOf(join(folder, home), join(folder, 'cache')), STRANGER);
    const [one, other] = [await find('one'), await find('other')];
    expect(one.data).toMatch(/^\/var\/lib\/kaudit\/nodes\/[0-9a-f]{16}\/data$/);
    expect(one.data).not.toBe(other.data);
    expect(one).toEqual(await find('one'));
    expect(one.servers).toBe('/var/cache/kaudit');
    expect(one.downloads).toBe(join(folder, 'cache', 'downloads'));
  });
});

describe('making a folder', () => {
  it('gives it and what is missing above it the mode, whatever the umask, and leaves the rest alone', async () => {
    const folder = await temporaryFolder();
    const mode = async (...names: string[]) => (await stat(join(folder, ...names))).mode & 0o777;
    const umask = process.umask(0o077);
    try {
      await makeFolder(join(folder, 'a', 'b'), 0o755);
      await makeFolder(join(folder, 'a'), 0o711);
    } finally {
      process.umask(umask);
    }
    expect([await mode(), await mode('a'), await mode('a', 'b')]).toEqual([0o700, 0o755, 0o755]);
  });

  it('says which setting to change when it cannot', async () => {
    await expect(makeFolder('/dev/null/home', 0o700)).rejects.toMatchObject({
      code: 'invalid-configuration',
      message: 'The folder /dev/null/home cannot be made.',
      hint: expect.stringContaining('KAUDIT_HOME'),
    });
  });
});

describe('the room on a disk', () => {
  it('is enough or named as missing', async () => {
    const folder = await temporaryFolder();
    await expect(requireRoom(folder, 0)).resolves.toBeUndefined();
    await expect(requireRoom(folder, 1e12)).rejects.toMatchObject({ code: 'no-disk' });
  });
});
