/** What a load remembers, damaged, lost, foreign or in use: K5 and K6 of the fault matrix. The next load is exact, and says so. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshNamespace } from '../support/cluster.ts';
import { fakeElasticsearch } from '../support/fake-elasticsearch.ts';
import { useFakeTarget } from '../support/fake-target.ts';
import { eventLines, expectExactly, fakeTarget, ledgerOf } from '../support/oracle.ts';
import { type RunningLoad, startLoad } from '../support/running-load.ts';

/** More than one batch, so that the first is done with while the second is under way. */
const LINES = eventLines(9000, 12);
const FIRST_ID = auditIdOf(LINES[0]);
const NAMESPACE = freshNamespace();

const on = useFakeTarget();
let path: string;
let home: string;

beforeEach(() => {
  home = on.folder;
  path = join(home, 'audit.log');
  writeFileSync(path, LINES.join('\n'));
});

function auditIdOf(line = '{}'): string {
  const { auditID } = JSON.parse(line) as { auditID: string };
  return auditID;
}

const start = (target = on.target): RunningLoad => startLoad(target, NAMESPACE, { paths: [path], home });

/** The checkpoint's file, when there is one. */
function checkpointFile(): string | undefined {
  const state = join(home, 'state');
  const files = existsSync(state) ? readdirSync(state, { recursive: true, encoding: 'utf8' }) : [];
  const name = files.find((file) => file.endsWith('.json'));
  return name === undefined ? undefined : join(state, name);
}

/** Kills a load when it has remembered something; gives the checkpoint's file. */
async function killHalfway(): Promise<string> {
  // The beginning is answered when checkpoints are old enough to be written, the rest never. Requests overtake each other.
  on.fake.spoil = ({ body }) => (body.includes(FIRST_ID) ? { kind: 'delay', ms: 1200 } : { kind: 'hang' });
  const running = start();
  let isOver = false;
  void running.ended.then(() => {
    isOver = true;
  });
  while (checkpointFile() === undefined) {
    if (isOver) throw new Error(`It ended and remembered nothing: ${(await running.ended).err}`);
    await delay(20);
  }
  running.kill('SIGKILL');
  await running.ended;
  on.fake.spoil = () => undefined;
  return checkpointFile() ?? '';
}

/** The same command once more is exact; gives what it said, and whether it went on. */
async function loadAgain(target = on.target): Promise<{ readonly err: string; readonly wentOn: boolean }> {
  const ran = await start(target).end();
  expect(ran.code, ran.err).toBe(0);
  const { read, files } = ledgerOf(ran);
  expect(read).toBe(LINES.length);
  await expectExactly(target, NAMESPACE, LINES);
  return { err: ran.err, wentOn: files[0]?.resumedAt !== undefined };
}

describe('K5: a load that was killed', () => {
  it('goes on where its checkpoint says', async () => {
    await killHalfway();
    expect(await loadAgain()).toMatchObject({ wentOn: true, err: expect.not.stringContaining('from its beginning') });
  });

  it.each<[string, string, (text: string) => string]>([
    ['is cut off', 'is damaged, or of another version', (text) => text.slice(0, text.length / 2)],
    ['is empty', 'is damaged, or of another version', () => ''],
    ['is full of zeroes', 'is damaged, or of another version', (text) => '\0'.repeat(text.length)],
    [
      'is of an older kaudit',
      'is damaged, or of another version',
      (text) => text.replace(/"version":\d+/, '"version":1'),
    ],
    ['was made by another kaudit', 'another kaudit', (text) => text.replace(/"kaudit":"[^"]*"/, '"kaudit":"0.0.1"')],
    ['is of another cluster', 'is not there any more', (text) => text.replace(/("indices":\{"[^"]+":")/, '$1not-')],
    ['says that all is done', 'not the log any more', (text) => text.replace(/"offset":\d+/, `"offset":${1e9}`)],
  ])('begins anew, and says so, when its checkpoint %s', async (_, why, spoil) => {
    const file = await killHalfway();
    const text = readFileSync(file, 'utf8');
    expect(spoil(text)).not.toBe(text);
    writeFileSync(file, spoil(text));
    const { err, wentOn } = await loadAgain();
    expect(wentOn).toBe(false);
    expect(err).toContain(`${path} is read from its beginning:`);
    expect(err).toContain(why);
  });

  it('begins anew when everything that it remembered is lost', async () => {
    await killHalfway();
    rmSync(join(home, 'state'), { recursive: true });
    expect(await loadAgain()).toMatchObject({ wentOn: false });
  });

  it('begins anew into another server, also when somebody carries the state along', async () => {
    const file = await killHalfway();
    const other = await fakeElasticsearch();
    const running = start(fakeTarget(other));
    await running.says(/While loading/);
    const [folder = ''] = readdirSync(join(home, 'state')).filter((name) => !file.includes(name));
    await running.end();
    other.deleteIndices();
    cpSync(file, join(home, 'state', folder, basename(file)));
    const { err, wentOn } = await loadAgain(fakeTarget(other));
    expect(wentOn).toBe(false);
    expect(err).toContain('an index with its events is not there any more');
    await other.close();
  });

  it('says where it cannot remember anything, and what to do', async () => {
    writeFileSync(join(home, 'state'), '');
    const ran = await start().end();
    expect(ran.code, ran.err).toBe(2);
    expect(ran.err).toContain(join(home, 'state'));
    expect(ran.err).toContain('KAUDIT_HOME');
    expect(ran.err).not.toContain('    at ');
    expect(await on.target.stored(NAMESPACE)).toEqual([]);
  });
});

describe('K6: two loads that would remember in one folder', () => {
  it('are refused: the second ends at once and says who is at work, the first is exact', async () => {
    on.fake.spoil = ({ number }) => (number === 1 ? { kind: 'delay', ms: 3000 } : undefined);
    const first = start();
    while (!on.fake.requests.includes('POST /_bulk')) await delay(20);
    const second = await start().end();
    expect(second.code, second.err).toBe(1);
    expect(second.out).toBe('');
    expect(second.err).toMatch(/Another load \(pid \d+ on .+\) into the same place/);
    expect(second.err).toContain('KAUDIT_HOME');
    const ran = await first.end();
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ read: LINES.length, created: LINES.length });
    await expectExactly(on.target, NAMESPACE, LINES);
  });

  it('may follow each other, also when the first was killed while it held the folder', async () => {
    await killHalfway();
    await loadAgain();
    expect(await loadAgain()).toMatchObject({ wentOn: false });
  });
});
