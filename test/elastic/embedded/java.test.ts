import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findJava, type JavaPlaces, javaVersion } from '../../../src/elastic/embedded/java.ts';
import { temporaryFolder } from './temporary.ts';

/** A folder that looks like a JVM's: with a `release` file, or with a `java` that has to be asked. */
async function jvm(home: string, version: string, release = true): Promise<string> {
  const java = join(home, 'bin', 'java');
  await mkdir(dirname(java), { recursive: true });
  await writeFile(java, `#!/bin/sh\necho 'openjdk version "${version}" 2025-01-21' >&2\n`);
  await chmod(java, 0o755);
  if (release) await writeFile(join(home, 'release'), `IMPLEMENTOR="Someone"\nJAVA_VERSION="${version}"\n`);
  return home;
}

function places(env: NodeJS.ProcessEnv, installFolders: readonly string[] = []): JavaPlaces {
  return { env, installFolders, usable: async () => true };
}

describe('the version of a JVM', () => {
  it.each([
    ['25', 25],
    ['21.0.4', 21],
    ['17.0.15+6', 17],
    ['22-ea', 22],
    ['1.8.0_402', 8],
  ])('%s is %i, by its release file and by asking it', async (version, major) => {
    const folder = await temporaryFolder();
    expect(await javaVersion(await jvm(join(folder, 'a'), version))).toBe(major);
    expect(await javaVersion(await jvm(join(folder, 'b'), version, false))).toBe(major);
  });

  it('is none where there is no bin/java', async () => {
    expect(await javaVersion(await temporaryFolder())).toBeUndefined();
  });
});

describe('finding a JVM', () => {
  it('passes an old one on PATH over for a newer one that is installed beside it', async () => {
    const folder = await temporaryFolder();
    const old = await jvm(join(folder, 'jvm', 'java-17'), '17.0.15');
    const recent = await jvm(join(folder, 'jvm', 'temurin-25'), '25');
    await mkdir(join(folder, 'bin'));
    await symlink(join(old, 'bin', 'java'), join(folder, 'bin', 'java'));
    const found = await findJava(places({ PATH: join(folder, 'bin') }, [join(folder, 'jvm')]));
    expect(found).toEqual({ home: recent, version: 25 });
  });

  it('takes the first that is new enough: ES_JAVA_HOME, JAVA_HOME, PATH, install folders', async () => {
    const folder = await temporaryFolder();
    const [es, java, path] = [
      await jvm(join(folder, 'es'), '21'),
      await jvm(join(folder, 'java'), '22'),
      await jvm(join(folder, 'path'), '23'),
    ];
    const env = { ES_JAVA_HOME: es, JAVA_HOME: java, PATH: ['/nowhere', join(path, 'bin')].join(delimiter) };
    const find = async (chosen: NodeJS.ProcessEnv) => (await findJava(places(chosen))).version;
    expect(await find(env)).toBe(21);
    expect(await find({ ...env, ES_JAVA_HOME: '/nowhere' })).toBe(22);
    expect(await find({ PATH: env.PATH })).toBe(23);
  });

  it('follows the link on PATH to the JVM that it belongs to', async () => {
    const folder = await temporaryFolder();
    const home = await jvm(join(folder, 'jdk-21'), '21');
    await mkdir(join(folder, 'bin'));
    await symlink(join(home, 'bin', 'java'), join(folder, 'bin', 'java'));
    expect(await findJava(places({ PATH: join(folder, 'bin') }))).toEqual({ home, version: 21 });
  });

  it('looks into the bundles of macOS', async () => {
    const folder = await temporaryFolder();
    const home = await jvm(join(folder, 'temurin-21.jdk', 'Contents', 'Home'), '21.0.1');
    expect(await findJava(places({}, [folder]))).toEqual({ home, version: 21 });
  });

  it('makes do with the newest from 17 on', async () => {
    const folder = await temporaryFolder();
    await jvm(join(folder, 'a'), '11.0.2');
    await jvm(join(folder, 'b'), '17.0.9');
    await jvm(join(folder, 'c'), '19');
    expect((await findJava(places({}, [folder]))).version).toBe(19);
  });

  it('passes over what the user of the server cannot enter', async () => {
    const folder = await temporaryFolder();
    await jvm(join(folder, 'closed'), '25');
    const open = await jvm(join(folder, 'open'), '21');
    const usable = async (home: string): Promise<boolean> => !home.includes('closed');
    expect((await findJava({ ...places({}, [folder]), usable })).home).toBe(open);
    const closed = { ...places({ KAUDIT_JAVA_HOME: join(folder, 'closed') }), usable };
    await expect(findJava(closed)).rejects.toThrow('cannot enter');
  });

  it.each(['8', '16'])('says what to install when the newest is %s', async (version) => {
    const folder = await temporaryFolder();
    await jvm(join(folder, 'old'), version);
    await expect(findJava(places({}, [folder]))).rejects.toMatchObject({
      code: 'no-java',
      message: expect.stringContaining(`The newest Java found is ${version}`),
      hint: expect.stringContaining('21'),
    });
  });

  it('says what to install when there is none', async () => {
    await expect(findJava(places({}))).rejects.toMatchObject({
      code: 'no-java',
      message: expect.stringContaining('No Java was found'),
    });
  });

  it('holds on to KAUDIT_JAVA_HOME, right or wrong', async () => {
    const folder = await temporaryFolder();
    const better = await jvm(join(folder, 'better'), '25');
    const named = await jvm(join(folder, 'named'), '17');
    const old = await jvm(join(folder, 'old'), '11');
    const find = (home: string) => findJava(places({ KAUDIT_JAVA_HOME: home, JAVA_HOME: better }));
    expect(await find(named)).toEqual({ home: named, version: 17 });
    await expect(find(old)).rejects.toThrow(`KAUDIT_JAVA_HOME is ${old}, which holds Java 11, which is too old`);
    await expect(find('/nowhere')).rejects.toThrow('KAUDIT_JAVA_HOME is /nowhere, which holds no Java');
  });
});
