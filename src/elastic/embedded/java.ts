import { execFile } from 'node:child_process';
import { access, constants, readdir, readFile, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { KauditError } from '../../shared/errors.ts';

export interface Jvm {
  /** Folder that holds bin/java. */
  readonly home: string;
  /** Major version, such as 21. */
  readonly version: number;
}

/** Where to look. */
export interface JavaPlaces {
  readonly env: NodeJS.ProcessEnv;
  /** Folders that hold one JVM in each folder below. */
  readonly installFolders: readonly string[];
  /** Whether the user who will run the JVM can get at it. */
  readonly usable: (home: string) => Promise<boolean>;
}

/** The Java that Elasticsearch 9 needs, and the one that 8.19 makes do with. */
const WANTED = 21;
const OLDEST = 17;

const run = promisify(execFile);

export function usualPlaces(env: NodeJS.ProcessEnv, usable: JavaPlaces['usable']): JavaPlaces {
  const installFolders = [
    '/usr/lib/jvm',
    '/usr/java',
    '/opt',
    '/opt/java',
    '/opt/homebrew/opt',
    '/usr/local/opt',
    '/Library/Java/JavaVirtualMachines',
    join(homedir(), '.sdkman', 'candidates', 'java'),
    join(homedir(), '.jdks'),
    join(homedir(), '.asdf', 'installs', 'java'),
  ];
  return { env, installFolders, usable };
}

/**
 * The first JVM of version 21 or newer, else the newest from 17 on. Looks at KAUDIT_JAVA_HOME (which must work when it
 * is set), ES_JAVA_HOME, JAVA_HOME, PATH, and the usual install folders: an old `java` on PATH hides none of them.
 */
export async function findJava(places: JavaPlaces): Promise<Jvm> {
  const chosen = places.env['KAUDIT_JAVA_HOME'];
  if (chosen) return await requireJava(chosen, places.usable);
  let newest: Jvm | undefined;
  for await (const home of candidates(places)) {
    const version = await javaVersion(home);
    if (version === undefined || !(await places.usable(home))) continue;
    if (version >= WANTED) return { home, version };
    if (newest === undefined || version > newest.version) newest = { home, version };
  }
  if (newest !== undefined && newest.version >= OLDEST) return newest;
  const found =
    newest === undefined ? 'No Java was found' : `The newest Java found is ${newest.version}, in ${newest.home}`;
  throw new KauditError('no-java', `${found}; the embedded Elasticsearch needs Java 21 or newer (8.19 runs on 17).`, {
    hint: 'Install a JDK or JRE of version 21 or newer, set KAUDIT_JAVA_HOME to its folder, or set ELASTICSEARCH_URL.',
  });
}

async function requireJava(home: string, usable: JavaPlaces['usable']): Promise<Jvm> {
  const version = await javaVersion(home);
  const reachable = await usable(home);
  if (version !== undefined && version >= OLDEST && reachable) return { home, version };
  const old = version === undefined ? 'holds no Java' : `holds Java ${version}, which is too old`;
  const what = reachable ? old : 'the user that runs the server cannot enter';
  throw new KauditError('no-java', `KAUDIT_JAVA_HOME is ${home}, which ${what}.`, {
    hint: 'Set it to the folder of a JDK or JRE of version 21 or newer (the one that holds bin/java), or unset it.',
  });
}

async function* candidates({ env, installFolders }: JavaPlaces): AsyncGenerator<string> {
  for (const name of ['ES_JAVA_HOME', 'JAVA_HOME']) {
    const home = env[name];
    if (home) yield home;
  }
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const home = await homeOfBinary(join(folder, 'java'));
    if (home !== undefined) yield home;
  }
  for (const folder of installFolders) {
    for (const name of await namesIn(folder)) {
      yield join(folder, name);
      // macOS keeps the JVM inside a bundle, Homebrew inside libexec.
      yield join(folder, name, 'Contents', 'Home');
      yield join(folder, name, 'libexec', 'openjdk.jdk', 'Contents', 'Home');
    }
  }
}

/** PATH usually holds a link into the JVM's own bin folder. */
async function homeOfBinary(path: string): Promise<string | undefined> {
  try {
    const binary = await realpath(path);
    // What macOS has there without a Java is a stub that opens a window.
    return binary === '/usr/bin/java' && process.platform === 'darwin' ? undefined : dirname(dirname(binary));
  } catch {
    return undefined;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort().reverse();
  } catch {
    return [];
  }
}

/** Major version of the JVM in a folder: from its `release` file, else by asking it; undefined where there is none. */
export async function javaVersion(home: string): Promise<number | undefined> {
  const binary = join(home, 'bin', process.platform === 'win32' ? 'java.exe' : 'java');
  try {
    await access(binary, constants.X_OK);
  } catch {
    return undefined;
  }
  const release = await readFile(join(home, 'release'), 'utf8').catch(() => '');
  return majorOf(/JAVA_VERSION="([^"]+)"/.exec(release)?.[1]) ?? majorOf(await askVersion(binary));
}

async function askVersion(binary: string): Promise<string | undefined> {
  try {
    const { stderr } = await run(binary, ['-version'], { timeout: 10_000 });
    return /version "([^"]+)"/.exec(stderr)?.[1];
  } catch {
    return undefined;
  }
}

/** `21.0.4` is 21, `1.8.0_402` is 8. */
function majorOf(version: string | undefined): number | undefined {
  const [, first, second] = /^(\d+)(?:\.(\d+))?/.exec(version ?? '') ?? [];
  if (first === undefined) return undefined;
  return first === '1' ? Number(second) : Number(first);
}
