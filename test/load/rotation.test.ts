import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missingRotations } from '../../src/load/rotation.ts';

const MINUTE = 60e6;
const at = (time: string): number => Date.parse(`2026-03-02T${time}Z`) * 1000;
const backup = (time: string, first: string, ending = '.log') => ({
  name: `/logs/audit-2026-03-02T${time.replaceAll(':', '-')}.000${ending}`,
  first: at(first),
});

describe('files of a rotation', () => {
  it('are all there when each begins where the one before it ended', () => {
    const files = [
      { name: '/logs/audit.log', first: at('11:00:01') },
      backup('11:00:00', '10:00:02'),
      backup('10:00:00', '09:00:00', '.log.gz'),
    ];
    expect(missingRotations(files, 5 * MINUTE)).toEqual([]);
  });

  it('are not when one begins long after the one before it ended', () => {
    const files = [backup('09:00:00', '08:00:00'), backup('11:00:00', '10:00:00', '.log.gz')];
    expect(missingRotations(files, 5 * MINUTE)).toEqual([
      {
        after: '/logs/audit-2026-03-02T09-00-00.000.log',
        before: '/logs/audit-2026-03-02T11-00-00.000.log.gz',
        from: '2026-03-02T09:00:00.000Z',
        to: '2026-03-02T10:00:00.000Z',
        seconds: 3600,
      },
    ]);
  });

  it('lead up to the file that is written now', () => {
    const files = [backup('09:00:00', '08:00:00'), { name: '/logs/audit.log', first: at('10:00:00') }];
    expect(missingRotations(files, 5 * MINUTE)).toMatchObject([{ before: '/logs/audit.log', seconds: 3600 }]);
  });

  it('belong together only within a folder, with the same name', () => {
    const files = [
      backup('09:00:00', '08:00:00'),
      { name: '/other/audit.log', first: at('10:00:00') },
      { name: '/logs/kube.log', first: at('10:00:00') },
    ];
    expect(missingRotations(files, 5 * MINUTE)).toEqual([]);
  });

  it('say nothing where a file has no event with a time', () => {
    const empty = { name: '/logs/audit.log', first: Number.POSITIVE_INFINITY };
    expect(missingRotations([backup('09:00:00', '08:00:00'), empty], MINUTE)).toEqual([]);
  });

  it.each(['audit-2026-13-02T09-00-00.000.log', 'audit-2026-03-02T99-00-00.000.log', 'audit-2026-03-02.log', '-', ''])(
    'have a time in their name that is one: %s',
    (name) => {
      const files = [
        { name, first: at('01:00:00') },
        { name: 'audit.log', first: at('10:00:00') },
      ];
      expect(missingRotations(files, MINUTE)).toEqual([]);
    },
  );

  it('show every file that was taken away, unless nothing was logged in its time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 20 }), fc.nat(), (count, seed) => {
        const files = Array.from({ length: count }, (_, hour) => ({
          name: `audit-2026-03-02T${String(hour + 1).padStart(2, '0')}-00-00.000.log`,
          first: at(`${String(hour).padStart(2, '0')}:00:10`),
        }));
        const taken = 1 + (seed % (count - 2));
        const left = files.filter((_, index) => index !== taken);
        expect(missingRotations(files, MINUTE)).toEqual([]);
        expect(missingRotations(left, MINUTE)).toMatchObject([
          { after: files[taken - 1]?.name, before: files[taken + 1]?.name },
        ]);
      }),
    );
  });
});
