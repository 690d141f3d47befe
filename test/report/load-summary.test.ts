import { describe, it } from 'vitest';
import { renderLoad } from '../../src/report/index.ts';
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
};
const times = {
  firstEvent: '2026-03-02T09:41:07.123Z',
  lastEvent: '2026-03-02T10:02:00.000Z',
  seconds: 2,
  bytes: 2_292_444,
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
    };
    const files = [
      { ...counts, file: 'logs/audit-1.log' },
      { ...counts, file: 'logs/README.md', read: 1, created: 0, skipped: 1, reason: 'no JSON in it' },
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
});
