import { textAt } from './parts.ts';

/** A key's prefix: after `{` or `,`, up to its first slash. A quote inside a string would be escaped. */
const PREFIX = /(?<=[{,]\s*")[a-z0-9_-]+(?=\/[^"\\]*"\s*:)/g;

/**
 * Elasticsearch pipelines and Fluent Bit write `_` for `.` in the keys of annotations. A key's prefix is a DNS name, which
 * holds no `_`, so prefixes get their dots back. Undefined where there is nothing to give back.
 */
export function withDottedAnnotations(event: string): string | undefined {
  const annotations = textAt(event, ['annotations']);
  if (annotations === undefined || !annotations.text.includes('_')) return undefined;
  const { text, offset } = annotations;
  const dotted = text.replaceAll(PREFIX, (prefix) => prefix.replaceAll('_', '.'));
  return dotted === text ? undefined : event.slice(0, offset) + dotted + event.slice(offset + text.length);
}
