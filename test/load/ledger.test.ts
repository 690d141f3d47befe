import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCoverage } from '../../src/load/coverage.ts';
import { closeLedger, openFileLedger, type Settled, settle } from '../../src/load/ledger.ts';

const totals = {
  coverage: openCoverage().close(),
  rejections: {},
  seconds: 1,
  bytes: 1,
  quarantineFile: undefined,
};
const fates = fc.constantFrom<Settled>('created', 'duplicate', 'variant', 'quarantined', 'skipped');

describe('the ledger', () => {
  it('balances when every record that was read has one fate, and only then', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fates)), fc.boolean(), (files, lost) => {
        const ledgers = files.map((list, index) => {
          const ledger = openFileLedger(`${index}`);
          for (const fate of list) {
            ledger.counts.read += 1;
            settle(ledger, fate);
          }
          return ledger;
        });
        const [first] = ledgers;
        if (lost && first) first.counts.read += 1;
        const report = closeLedger(ledgers, totals);
        expect(report.balanced).toBe(!(lost && first));
        expect(report.read).toBe(files.flat().length + (lost && first ? 1 : 0));
      }),
    );
  });

  it('counts degraded among the created only', () => {
    const ledger = openFileLedger('a');
    ledger.counts.read += 2;
    settle(ledger, 'created', 'reserved-key');
    settle(ledger, 'duplicate', 'reserved-key');
    expect(closeLedger([ledger], totals)).toMatchObject({ created: 1, duplicate: 1, degraded: 1, balanced: true });
  });

  it('has a reason for each record that is quarantined, skipped or degraded, adding up to their counts', () => {
    const reasons = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.array(fc.tuple(fates, reasons))), (files) => {
        const ledgers = files.map((list, index) => {
          const ledger = openFileLedger(`${index}`);
          for (const [fate, reason] of list) settle(ledger, fate, reason);
          return ledger;
        });
        const report = closeLedger(ledgers, totals);
        for (const part of [report, ...report.files]) {
          for (const fate of ['quarantined', 'skipped', 'degraded'] as const) {
            const counts = part.reasons.filter((reason) => reason.fate === fate).map(({ count }) => count);
            expect(counts.reduce((sum, count) => sum + count, 0)).toBe(part[fate]);
          }
        }
      }),
    );
  });
});
