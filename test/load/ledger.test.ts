import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeLedger, openFileLedger, type Settled, settle, skip } from '../../src/load/ledger.ts';

const totals = {
  span: { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY },
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
    settle(ledger, 'created', true);
    settle(ledger, 'duplicate', true);
    expect(closeLedger([ledger], totals)).toMatchObject({ created: 1, duplicate: 1, degraded: 1, balanced: true });
  });

  it('names the records of other programs, of a bounded number of kinds', () => {
    const ledger = openFileLedger('a');
    for (const what of ['klog line', 'klog line', 'bulk action line']) skip(ledger, what);
    expect(closeLedger([ledger], totals).files).toMatchObject([
      { read: 3, skipped: 3, balanced: true, reason: '2 klog lines, 1 bulk action line skipped' },
    ]);
    for (let kind = 0; kind < 1000; kind += 1) skip(ledger, `kind ${kind}`);
    expect(closeLedger([ledger], totals).files[0]?.reason).toMatch(/^.{100,400}, 982 other records skipped$/);
  });
});
