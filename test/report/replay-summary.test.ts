import { describe, it } from 'vitest';
import { renderQuarantine, renderReplay } from '../../src/report/index.ts';
import { expectGolden } from '../support/golden.ts';

const plain = { columns: 80, colour: false };
const file = { open: 12, closed: 12, remaining: 0, damaged: 0, namespaces: ['default'], reasons: [] };

describe('renderReplay', () => {
  it('says what went through, and why the rest did not', () => {
    const reasons = [
      { reason: 'refused-by-server', detail: 'strict_dynamic_mapping_exception', count: 8 },
      {
        reason: 'not-json',
        detail: 'not valid JSON; it could not be read again from its source, and not all of it was kept',
        count: 3,
      },
      { reason: 'not-an-event', detail: '\u001b]0;title\u0007', count: 1 },
    ];
    const files = [
      { ...file, file: '/var/lib/kaudit/quarantine/20260302T100200.000Z-7.jsonl' },
      { ...file, file: '/var/lib/kaudit/quarantine/20260303T100200.000Z-8.jsonl', closed: 0, remaining: 12, reasons },
      { ...file, file: '/var/lib/kaudit/quarantine/20260304T100200.000Z-9.jsonl', open: 1, closed: 1, damaged: 1 },
      { ...file, file: '/var/lib/kaudit/quarantine/20260305T100200.000Z-9.jsonl', open: 0, closed: 0 },
    ];
    expectGolden('replay.txt', renderReplay(files, plain));
  });

  it('says when there is nothing to send', () => {
    expectGolden('replay-nothing.txt', renderReplay([{ ...file, file: 'a', open: 0, closed: 0 }], plain));
  });
});

describe('renderQuarantine', () => {
  it('says what is open, from which source and why', () => {
    const counts = [
      { source: 'logs/audit.log', reason: 'not-json', detail: 'not valid JSON', count: 1200, offset: 52_311 },
      { source: '\u001b[31m.log', reason: 'not-an-event', detail: 'kind is not Event', count: 1, offset: 0 },
    ];
    const held = { file: '/var/lib/kaudit/quarantine/20260302T100200.000Z-7.jsonl', open: 1201, damaged: 0, counts };
    expectGolden('quarantine.txt', renderQuarantine([held, { ...held, open: 0, counts: [] }], plain));
  });
});
