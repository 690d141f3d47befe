import { describe, expect, it } from 'vitest';
import type { Coverage, ReasonCount } from '../../src/load/index.ts';
import { type LoadCircumstances, proofOf, renderLoad } from '../../src/report/index.ts';
import { expectGolden } from '../support/golden.ts';

const counts = {
  read: 3,
  created: 3,
  duplicate: 0,
  variant: 0,
  quarantined: 0,
  skipped: 0,
  degraded: 0,
  balanced: true,
  reasons: [],
};
const coverage: Coverage = {
  first: '2026-03-02T09:41:07.123Z',
  last: '2026-03-02T10:02:00.000Z',
  undated: 0,
  levels: { Metadata: 3 },
  stages: { ResponseComplete: 3 },
  clusters: { prod: 3 },
  gapLimitSeconds: 300,
  gapResolutionSeconds: 300,
  gapCount: 0,
  gapSeconds: 0,
  gaps: [],
  missingRotations: [],
};
const times = { coverage, rejections: {}, retries: {}, seconds: 2, bytes: 2_292_444 };
const circumstances: LoadCircumstances = {
  run: '20260302T100200.000Z-7',
  host: 'node-1',
  started: '2026-03-02T10:02:00.000Z',
  finished: '2026-03-02T10:02:01.000Z',
  outcome: 'complete',
  sources: ['audit.log'],
  settings: { namespace: 'default', gapSeconds: 300 },
  versions: { kaudit: '0.1.0', node: 'v20.20.2', elasticsearch: '9.5.3' },
  elasticsearch: { url: 'http://127.0.0.1:9200', kind: 'embedded' },
};
const plain = { columns: 80, colour: false };

describe('renderLoad', () => {
  it('is short for one file without trouble', () => {
    expectGolden('load-one.txt', renderLoad({ ...counts, ...times, files: [{ ...counts, file: 'audit.log' }] }, plain));
  });

  it('shows files with trouble first, and explains each fate', () => {
    const report = {
      read: 2978,
      created: 2950,
      duplicate: 20,
      variant: 1,
      quarantined: 5,
      skipped: 2,
      degraded: 3,
      balanced: true,
      reasons: [
        { fate: 'quarantined', reason: 'not-json', count: 4 },
        { fate: 'degraded', reason: 'refused-by-server', count: 3 },
        { fate: 'quarantined', reason: 'not-an-event', count: 1 },
        { fate: 'skipped', reason: 'no audit event in it', count: 1 },
        { fate: 'skipped', reason: 'a\u001b[31m b', count: 1 },
      ] satisfies readonly ReasonCount[],
    };
    const files = [
      { ...counts, file: 'logs/audit-1.log' },
      { ...counts, file: 'logs/README.md', read: 1, created: 0, skipped: 1, reason: 'no audit event in it' },
      {
        ...counts,
        file: `logs/${'deep/'.repeat(12)}audit-2.log.gz`,
        quarantined: 5,
        reason: 'the gzip data is damaged or cut off',
      },
      { ...counts, file: 'logs/\u001b[31mred.log' },
    ];
    expectGolden(
      'load-many.txt',
      renderLoad(
        {
          ...report,
          ...times,
          files,
          quarantineFile: '/home/alice/.local/share/kaudit/quarantine/20260302T100200.000Z-7.jsonl',
        },
        plain,
      ),
    );
  });

  it('says of a load that was resumed what was done before, and how fast this run was', () => {
    const resumed = { ...counts, read: 300_000, created: 300_000, readBefore: 283_876 };
    const report = { ...resumed, ...times, seconds: 0.8, files: [{ ...resumed, resumedAt: 1, file: 'audit.log' }] };
    const text = renderLoad(report, { ...plain, columns: 200 });
    expect(text.split('\n').slice(0, 2)).toEqual([
      '300,000 records of 1 file: resumed after 283,876, then 16,124 (2.3 MB), 2026-03-02 09:41–10:02 UTC, in 0.8 s (20,155/s)',
      '    300,000 created      stored by this load',
    ]);
    expect(proofOf(report, circumstances)).toMatchObject({
      read: 300_000,
      readBefore: 283_876,
      eventsPerSecond: 20_155,
    });
  });

  it.each([
    ['resumed', '--no-resume'],
    ['interrupted', 'only a part'],
  ] as const)('says of a load that was %s that gaps are not told', (part, said) => {
    const text = renderLoad({ ...counts, ...times, coverage: { ...coverage, part }, files: [] }, plain);
    expect(text).toContain('not told');
    expect(text).toContain(said);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('does not part a number from its unit', () => {
    const report = { ...counts, ...times, files: [{ ...counts, file: 'audit.log' }] };
    for (let columns = 20; columns < 80; columns += 1) {
      expect(renderLoad(report, { ...plain, columns })).toMatch(/\(2\.3 MB\).*2\.0 s/s);
    }
  });

  it('tells the files of an archive apart: a long name keeps its end', () => {
    const within = ['node-1/audit.log', 'node-2/audit.log'];
    const files = within.map((name) => ({ ...counts, file: `must-gather/${'deep/'.repeat(20)}bundle.tar.gz!${name}` }));
    const lines = renderLoad({ ...counts, ...times, files }, plain).split('\n');
    for (const name of within) {
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`3 {8}3  ….*bundle\\.tar\\.gz!${name}$`)));
    }
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('says loudly when the ledger does not balance', () => {
    const lost = { ...counts, created: 2, balanced: false };
    expectGolden(
      'load-unbalanced.txt',
      renderLoad({ ...lost, ...times, files: [{ ...lost, file: 'audit.log' }] }, plain),
    );
  });

  it('lists twenty files and counts the rest', () => {
    const files = Array.from({ length: 25 }, (_, index) => ({ ...counts, file: `audit-${index}.log` }));
    expectGolden('load-25.txt', renderLoad({ ...counts, ...times, read: 75, created: 75, files }, plain));
  });

  it('says what the events cover and what they do not', () => {
    const gaps = [50, 20, 12, 7].map((minutes, at) => ({
      from: `2026-03-0${at + 1}T09:00:00.000Z`,
      to: new Date(Date.parse(`2026-03-0${at + 1}T09:00:00Z`) + minutes * 60_000).toISOString(),
      seconds: minutes * 60,
    }));
    const missing = {
      after: 'logs/audit-2026-03-02T09-00-00.000.log.gz',
      before: 'logs/\u001b[2Jaudit-2026-03-02T11-00-00.000.log',
      from: '2026-03-02T09:00:00.000Z',
      to: '2026-03-03T10:00:03.000Z',
      seconds: 90_003,
    };
    const covered: Coverage = {
      ...coverage,
      levels: { Metadata: 2100, RequestResponse: 78, Request: 800 },
      stages: { RequestReceived: 978, ResponseComplete: 1990, Panic: 10 },
      clusters: { prod: 1500, '': 478, 'dev\u202e': 1000 },
      undated: 1,
      gapCount: 4,
      gapSeconds: 89 * 60,
      gaps,
      missingRotations: [missing],
    };
    const report = {
      ...counts,
      ...times,
      coverage: covered,
      retries: { 'status 429': 12, 'no answer': 1 },
      files: [{ ...counts, file: 'audit.log' }],
    };
    const text = renderLoad(report, plain);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expectGolden('load-coverage.txt', text);
  });
});
