/**
 * What loading one event costs on the client, part by part, side by side in one run. Look at the ratios: times are those of
 * one machine on one day. JSON.parse is the floor, since facts need a parsed event.
 */
import { bench, describe } from 'vitest';
import { documentOf } from '../src/audit/document.ts';
import { parseEvent } from '../src/audit/event.ts';
import { factsOf } from '../src/audit/facts/index.ts';
import { contentHash, documentId } from '../src/audit/identity.ts';
import { redact } from '../src/audit/redact.ts';
import { openUnwrapper } from '../src/audit/wrappers/index.ts';
import { simulate } from '../src/simulate/index.ts';

const EVENTS = 2000;
const CONTEXT = {
  cluster: 'bench',
  namespace: 'default',
  bucket: 'month',
  ingested: '2026-01-01T00:00:00.000Z',
} as const;
const ORIGIN = { file: 'bench.log', offset: 0, format: 'Event' };

for (const level of ['metadata', 'requestresponse'] as const) {
  const { chunks } = simulate({ events: EVENTS, seed: 1, level, start: Date.UTC(2026, 2, 2), hours: 24, attacks: [] });
  const lines = [...chunks].join('').trimEnd().split('\n');
  const bytes = lines.map((line) => Buffer.from(line));
  const values = lines.map((line) => JSON.parse(line) as unknown);
  const events = values.flatMap((value) => {
    const parsed = parseEvent(value);
    return parsed.kind === 'event' ? [parsed.event] : [];
  });

  describe(`${EVENTS} events at ${level}`, () => {
    bench('JSON.parse', () => {
      for (const line of lines) JSON.parse(line);
    });
    bench('facts', () => {
      for (const event of events) factsOf(event);
    });
    bench('redaction', () => {
      for (const [at, event] of events.entries()) redact(lines[at] ?? '', event);
    });
    bench('identity and content hash', () => {
      for (const [at, event] of events.entries()) documentId(event, 'bench') && contentHash(lines[at] ?? '');
    });
    bench('the whole document, from its line', () => {
      const unwrapper = openUnwrapper();
      for (const line of bytes) {
        for (const piece of unwrapper.take(line, 0)) {
          if (piece.kind === 'event') documentOf({ text: piece.text, origin: ORIGIN }, piece.value, CONTEXT);
        }
      }
    });
  });
}
