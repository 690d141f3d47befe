import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openQuarantine, type QuarantineEntry, type Rejected } from '../../src/load/quarantine.ts';
import { closeEntries, readState } from '../../src/load/quarantine-file.ts';
import { knownEntries } from '../../src/load/quarantine-known.ts';
import { rawEvent } from '../support/events.ts';

const home = mkdtempSync(join(tmpdir(), 'kaudit-quarantine-'));
afterAll(() => rmSync(home, { recursive: true }));

const TARGET = { cluster: 'prod', namespace: 'team_a' };
const rejected = (text: string, changes: Partial<Rejected> = {}): Rejected => ({
  text,
  range: { start: 7, end: 7 + text.length },
  origin: { file: '/logs/a.log', offset: 7, format: 'Event' },
  reason: 'not-json',
  detail: 'not valid JSON',
  ...changes,
});

/** The text of a quarantine file with one entry. */
async function quarantined(record: Rejected): Promise<string> {
  const quarantine = openQuarantine(join(home, 'kept'), `${Math.random()}`, TARGET);
  await quarantine.add(record);
  await quarantine.close();
  return readFileSync(quarantine.file() ?? '', 'utf8');
}

async function entryOf(record: Rejected): Promise<QuarantineEntry> {
  return JSON.parse(await quarantined(record)) as QuarantineEntry;
}

describe('the quarantine', () => {
  it('is a file for its owner only, made when something goes into it', async () => {
    const folder = join(home, 'new', 'quarantine');
    const quarantine = openQuarantine(folder, 'run', TARGET);
    await quarantine.sync();
    expect(quarantine.file()).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
    await quarantine.add(rejected('{"auditID":'));
    await quarantine.sync();
    await quarantine.close();
    const file = quarantine.file() ?? '';
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(home, 'new')).mode & 0o055).toBe(0o055);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      source: '/logs/a.log',
      path: '/logs/a.log',
      offset: 7,
      end: 18,
      reason: 'not-json',
      detail: 'not valid JSON',
      original: '{"auditID":',
      whole: true,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      origin: { offset: 7, format: 'Event' },
      cluster: 'prod',
      namespace: 'team_a',
    });
  });

  it('remembers where a file lies that was named from the working folder, and nothing of stdin', async () => {
    const origin = { file: 'a.log', offset: 0, format: 'Event' };
    expect(await entryOf(rejected('{}', { origin }))).toMatchObject({
      source: 'a.log',
      path: join(process.cwd(), 'a.log'),
    });
    expect(await entryOf(rejected('{}', { origin: { ...origin, file: '-' } }))).not.toHaveProperty('path');
  });

  it('keeps an event whole, redacted as its document is', async () => {
    const text = JSON.stringify(
      rawEvent({
        level: 'RequestResponse',
        responseObject: { kind: 'Secret', data: { password: 'canary' } },
        annotations: { filler: 'x'.repeat(40_000) },
      }),
    );
    const entry = await entryOf(rejected(text));
    expect(entry.original).toBe(text.replace('canary', '[redacted]'));
    expect(entry.whole).toBe(true);
  });

  it('has a hash that does not depend on what was redacted from an event: it could be guessed', async () => {
    const withSecret = (value: string): string =>
      JSON.stringify(rawEvent({ responseObject: { kind: 'Secret', data: { pin: value } } }));
    const [first, second] = [await entryOf(rejected(withSecret('0815'))), await entryOf(rejected(withSecret('4711')))];
    expect(first.sha256).toBe(second.sha256);
  });

  it('keeps the bytes of what is no UTF-8', async () => {
    const invalidBytes = Buffer.from([0x7b, 0xff, 0x7d]);
    const text = JSON.stringify(rawEvent({ userAgent: '\ufffd' }));
    expect(await entryOf(rejected(text, { invalidBytes }))).toMatchObject({ bytes: invalidBytes.toString('base64') });
  });

  it.each([
    '{"auditID":"a","requestObject":{"data":{"password":"canary"}}',
    '{"kind":"Secret","data":{"password":"canary"',
    '{"kind":"Secret","stringData":{"x":"canary"}}',
    '{"stringData":{"x":"canary"}}',
    '{"spec":{"token":"canary"',
    '{"spec":{"token":"canary"}}',
    '{"status":{"accessToken":"canary"}}',
    '{"log":"{\\"kind\\":\\"Secret\\",\\"data\\":{\\"password\\":\\"canary\\"}}"}',
    JSON.stringify({ message: JSON.stringify({ log: JSON.stringify({ stringData: { x: 'canary' } }) }) }),
    '{"protoPayload":{"request":{"x":"canary"}}}',
    '[{"op":"add","path":"/data/x","value":"canary"}]',
    '{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"canary"}}}',
    '{"header":"Bearer canary"}',
    '{"uri":"/api?access_token=canary"}',
    'Authorization: Bearer canary',
    'canary","other":"x"},"type":"Opaque"},"stage":"ResponseComplete"}',
    '{"password":"canary"},"type":"Opaque"},"stage":"ResponseComplete"}',
  ])('cuts off what might hold a secret: %s', async (text) => {
    expect(await quarantined(rejected(text))).not.toContain('canary');
  });

  it('says so when something was cut off', async () => {
    expect(await entryOf(rejected('{"kind":"X","data":1}'))).toMatchObject({ original: '{"kind":"X",', whole: false });
    expect(await entryOf(rejected('', { reason: 'broken-json' }))).toMatchObject({ original: '', whole: false });
    expect(await entryOf(rejected(`{"kind":"${'x'.repeat(20_000)}"}`))).toMatchObject({ whole: false });
  });

  it('keeps entries apart that come at the same time, however long', async () => {
    const quarantine = openQuarantine(join(home, 'many'), 'run', TARGET);
    const texts = Array.from({ length: 20 }, (_, index) =>
      JSON.stringify(rawEvent({ auditID: `${index}`, annotations: { filler: 'x'.repeat(1_000_000) } })),
    );
    await Promise.all(texts.map((text) => quarantine.add(rejected(text))));
    await quarantine.close();
    const lines = readFileSync(quarantine.file() ?? '', 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as QuarantineEntry).original)).toEqual(texts);
  });

  it.skipIf(!existsSync('/dev/full'))('stops the load when the disk is full, from then on', async () => {
    const folder = join(home, 'full');
    mkdirSync(folder);
    symlinkSync('/dev/full', join(folder, 'run.jsonl'));
    const quarantine = openQuarantine(folder, 'run', TARGET);
    const full = { code: 'no-disk', message: expect.stringContaining('The disk is full'), hint: expect.any(String) };
    await expect(quarantine.add(rejected('{}'))).rejects.toMatchObject(full);
    await expect(quarantine.sync()).rejects.toMatchObject(full);
    await expect(quarantine.add(rejected('{}'))).rejects.toMatchObject(full);
    await quarantine.close();
  });

  it('says what to do where the folder cannot be made', async () => {
    const quarantine = openQuarantine(join('/dev/null', 'quarantine'), 'run', TARGET);
    await expect(quarantine.add(rejected('{}'))).rejects.toMatchObject({ code: 'unwritable-output' });
    await quarantine.close();
  });

  it('does not open again what an earlier load has open, and does when that was closed', async () => {
    const folder = join(home, 'again');
    const add = async (run: string, record: Rejected, target = TARGET) => {
      const quarantine = openQuarantine(folder, run, target, knownEntries(folder));
      await quarantine.add(record);
      await quarantine.close();
      return { file: quarantine.file(), earlier: quarantine.earlierFiles() };
    };
    const torn = rejected('{"auditID":');
    const { file = '' } = await add('1', torn);
    expect(await add('2', torn)).toEqual({ file: undefined, earlier: [file] });
    const others = [
      rejected('{"auditId":'),
      rejected('{"auditID":', { range: { start: 8, end: 19 } }),
      rejected('{"auditID":', { origin: { file: '/logs/b.log', offset: 7, format: 'Event' } }),
    ];
    for (const [at, other] of others.entries()) expect((await add(`3-${at}`, other)).earlier).toEqual([]);
    expect((await add('4', torn, { cluster: 'dev', namespace: 'team_a' })).earlier).toEqual([]);
    await closeEntries(file, [1], await readState(file));
    expect((await add('5', torn)).file).toBe(join(folder, '5.jsonl'));
  });
});
