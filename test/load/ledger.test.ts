import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCoverage } from '../../src/load/coverage.ts';
import { closeLedger, FileLedger, NOTHING, type Settled, settle } from '../../src/load/ledger.ts';

const totals = {
  coverage: openCoverage().close(),
  rejections: {},
  seconds: 1,
  bytes: 1,
  quarantineFile: undefined,
  earlierQuarantineFiles: [],
};
const fates = fc.constantFrom<Settled>('created', 'duplicate', 'variant', 'quarantined', 'skipped');

describe('the ledger', () => {
  it('balances when every record that was read has one fate, and only then', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fates)), fc.boolean(), (files, lost) => {
        const ledgers = files.map((list, index) => {
          const ledger = new FileLedger(`${index}`);
          for (const fate of list) settle(ledger.read(), fate);
          return ledger;
        });
        const [first] = ledgers;
        if (lost) first?.read();
        const report = closeLedger(ledgers, totals);
        expect(report.balanced).toBe(!(lost && first));
        expect(report.read).toBe(files.flat().length + (lost && first ? 1 : 0));
      }),
    );
  });

  it('counts degraded among the created only', () => {
    const ledger = new FileLedger('a');
    settle(ledger.read(), 'created', 'reserved-key');
    settle(ledger.read(), 'duplicate', 'reserved-key');
    expect(closeLedger([ledger], totals)).toMatchObject({ created: 1, duplicate: 1, degraded: 1, balanced: true });
  });

  it('has a reason for each record that is quarantined, skipped or degraded, adding up to their counts', () => {
    const reasons = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.array(fc.tuple(fates, reasons))), fc.nat(), (files, marks) => {
        const ledgers = files.map((list, index) => {
          const ledger = new FileLedger(`${index}`);
          for (const [at, [fate, reason]] of list.entries()) {
            settle(ledger.read(), fate, reason);
            if ((marks >> (at % 8)) % 2 === 1) ledger.mark(at);
            ledger.progress();
          }
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

  it('names the records of other programs, of a bounded number of kinds', () => {
    const ledger = new FileLedger('a');
    for (const what of ['klog line', 'klog line', 'bulk action line']) ledger.skip(what);
    expect(closeLedger([ledger], totals).files).toMatchObject([
      { read: 3, skipped: 3, balanced: true, reason: '2 klog lines, 1 bulk action line skipped' },
    ]);
    for (let kind = 0; kind < 1000; kind += 1) ledger.skip(`kind ${kind}`);
    expect(closeLedger([ledger], totals).files[0]?.reason).toMatch(/^.{100,400}, 982 other records skipped$/);
  });

  it('is done with a file up to the first record without a fate, in whatever order fates come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }), fc.infiniteStream(fc.nat()), (sizes, order) => {
        const ledger = new FileLedger('a');
        const ends = sizes.map((_, index) => 100 * (index + 1));
        const open = sizes.flatMap((size, index) => {
          const records = Array.from({ length: size }, () => ({ segment: ledger.read(), end: ends[index] ?? 0 }));
          ledger.mark(ends[index] ?? 0);
          return records;
        });
        while (open.length > 0) {
          const [record] = open.splice((order.next().value ?? 0) % open.length, 1);
          if (record !== undefined) settle(record.segment, 'created');
          const unsettled = Math.min(...open.map(({ end }) => end));
          expect(ledger.progress().offset).toBeLessThan(unsettled);
        }
        const { offset, counts } = ledger.progress();
        expect(counts.created).toBe(sizes.reduce((sum, size) => sum + size, 0));
        expect(offset).toBe(ends.filter((_, index) => (sizes[index] ?? 0) > 0).at(-1) ?? 0);
      }),
    );
  });

  it('goes on where an earlier load has ended', () => {
    const ledger = new FileLedger('a', { offset: 50, counts: { ...NOTHING, read: 3, created: 3 }, reasons: [] });
    settle(ledger.read(), 'duplicate');
    expect(ledger.report()).toMatchObject({ read: 4, created: 3, duplicate: 1, balanced: true });
  });
});
