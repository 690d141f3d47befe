import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it, vi } from 'vitest';
import yargs from 'yargs';
import type { Context, Run } from '../../src/commands/context.ts';
import { simulateCommand } from '../../src/commands/simulate.ts';
import { KauditError } from '../../src/shared/errors.ts';
import { readSettings } from '../../src/shared/settings.ts';
import { STORYLINES, type Truth } from '../../src/simulate/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-simulate-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number | undefined;
  readonly error: unknown;
  readonly out: string;
  readonly said: string;
}

/** Runs the command in this process; a signal may interrupt it. */
async function simulated(args: readonly string[], signal = new AbortController().signal): Promise<Ran> {
  let out = '';
  let said = '';
  let code: number | undefined;
  let error: unknown;
  const context: Context = {
    io: {
      out: async (text) => {
        out += text;
        return true;
      },
      say: (line) => {
        said += `${line}\n`;
      },
      detail: () => {},
      progress: () => {},
      stdin: Readable.from([]),
      colour: false,
      columns: 80,
      terminal: false,
    },
    settings: readSettings(),
    cluster: () => Promise.reject(new Error('a simulation needs no Elasticsearch')),
    signal,
  };
  const run: Run = async (_flags, action) => {
    try {
      code = await action(context);
    } catch (thrown) {
      error = thrown;
    }
  };
  await yargs(['simulate', ...args])
    .command(simulateCommand(run))
    .strict()
    .exitProcess(false)
    .fail((message, thrown) => {
      throw thrown ?? new Error(message);
    })
    .parseAsync();
  return { code, error, out, said };
}

function truthOf(path: string): Truth {
  return JSON.parse(readFileSync(`${path}.truth.json`, 'utf8')) as Truth;
}

describe('kaudit simulate', () => {
  it('writes the log and its answer, and says so', async () => {
    const path = join(folder, 'day.log');
    const { code, out, said } = await simulated(['--events', '1500', '--seed', '5', '--attack', 'ransom', '-o', path]);
    expect([code, out]).toEqual([0, '']);
    expect(said).toContain(`${path}.truth.json`);
    const text = readFileSync(path, 'utf8');
    expect(text.endsWith('}\n')).toBe(true);
    expect(text.split('\n')).toHaveLength(1501);
    const truth = truthOf(path);
    expect(truth).toMatchObject({ kaudit: 1, events: 1500, mustFire: ['bulk-deletion', 'secrets-deleted'] });
    for (const { auditIDs } of truth.storylines) for (const id of auditIDs) expect(text).toContain(id);
  });

  it('writes a quiet day of 50,000 events where nothing else is asked for', async () => {
    const path = join(folder, 'default.log');
    await simulated(['-o', path]);
    expect(truthOf(path)).toMatchObject({
      events: 50_000,
      options: { seed: 1, level: 'mixed', hours: 24, start: Date.UTC(2026, 2, 2), attacks: [] },
      storylines: [],
      mustFire: [],
    });
  });

  it('overwrites a file only where that is forced', async () => {
    const path = join(folder, 'mine.log');
    writeFileSync(path, 'mine');
    const { error } = await simulated(['--events', '1', '-o', path]);
    expect(error).toMatchObject({ code: 'usage', hint: expect.stringContaining('--force') });
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect((await simulated(['--events', '1', '--force', '-o', path])).code).toBe(0);
    expect(readFileSync(path, 'utf8')).not.toContain('mine');
  });

  it('writes to stdout the same bytes as to a file', async () => {
    const path = join(folder, 'same.log');
    const args = ['--events', '1200', '--seed', '9', '--level', 'requestresponse', '-o'];
    await simulated([...args, path]);
    const { code, out, said } = await simulated([...args, '-']);
    expect([code, said]).toEqual([0, '']);
    expect(out).toBe(readFileSync(path, 'utf8'));
  });

  it('takes several attacks, or all', async () => {
    const path = join(folder, 'attacks.log');
    await simulated(['--events', '5000', '--attack', 'ransom', '--attack', 'host-takeover', '-o', path]);
    expect(truthOf(path).storylines.map(({ name }) => name)).toEqual(['ransom', 'host-takeover']);
    await simulated(['--events', '5000', '--attack', 'all', '--force', '-o', path]);
    expect(truthOf(path).storylines.map(({ name }) => name)).toEqual(STORYLINES.map(({ name }) => name));
  });

  it('begins at a time, which is UTC where it does not say', async () => {
    vi.stubEnv('TZ', 'Asia/Kolkata');
    expect(new Date(0).getHours()).toBe(5);
    for (const start of ['2026-03-02T09:30', '2026-03-02T09:30:00Z', '2026-03-02T10:30:00+01:00']) {
      const { out } = await simulated(['--events', '1', '--hours', '0.01', '--start', start, '-o', '-']);
      expect(out).toMatch(/"stageTimestamp":"2026-03-02T09:30:/);
    }
  });

  it('lists the storylines', async () => {
    const { code, out } = await simulated(['--list']);
    expect(code).toBe(0);
    for (const { name } of STORYLINES) expect(out).toContain(name);
  });

  it('leaves no answer beside a log that was interrupted, not even that of an earlier one', async () => {
    const path = join(folder, 'interrupted.log');
    writeFileSync(`${path}.truth.json`, '{}');
    const { error } = await simulated(['-o', path], AbortSignal.abort());
    expect(error).toMatchObject({ code: 'interrupted', exitCode: 130 });
    expect(existsSync(`${path}.truth.json`)).toBe(false);
  });

  it.each([
    [[], 'usage', 'Say where to write'],
    [['-o', ''], 'usage', 'Say where to write'],
    [['-o', join(folder, 'none', 'x.log')], 'unwritable-output', 'cannot be written'],
    [['-o', folder], 'unwritable-output', 'cannot be written'],
    [['--attack', 'heist', '-o', '-'], 'usage', 'no storyline heist'],
    [['--events', '0', '-o', '-'], 'usage', '--events is 0'],
    [['--events', '1.5', '-o', '-'], 'usage', 'whole number'],
    [['--seed', '-1', '-o', '-'], 'usage', '--seed is -1'],
    [['--hours', '0', '-o', '-'], 'usage', '--hours is 0'],
    [['--hours', '0.1', '--attack', 'ransom', '-o', '-'], 'usage', 'hours'],
    [['--events', '100', '--attack', 'ransom', '-o', '-'], 'usage', 'at least'],
    [['--start', '5', '-o', '-'], 'usage', 'which is no time'],
    [['--start', '2026-02-31T25:00:00Z', '-o', '-'], 'usage', 'which is no time'],
    [['--start', '1999-01-01', '-o', '-'], 'usage', 'no audit log is of that time'],
  ])('explains %j', async (args, code, sentence) => {
    const { error, out } = await simulated(args);
    expect(error).toBeInstanceOf(KauditError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(sentence) as string });
    expect(out).toBe('');
  });

  it('names the storylines to who asks for another', async () => {
    const { error } = await simulated(['--attack', 'heist', '-o', '-']);
    const hint = error instanceof KauditError ? error.hint : '';
    for (const { name } of STORYLINES) expect(hint).toContain(name);
  });

  it('knows its levels', async () => {
    await expect(simulated(['--level', 'everything', '-o', '-'])).rejects.toThrow('Choices');
  });
});
