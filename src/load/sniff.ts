import { isRecordLine, looksLikeYaml, openUnwrapper, type Piece } from '../audit/wrappers/index.ts';
import type { Peeked } from './unpack/index.ts';

/** Layouts that a user can insist on. What is in a line or document is always told by its content. */
export const FORMATS = ['lines', 'document', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** How a source is read. */
export type Layout =
  /** Nothing but blanks. */
  | { readonly kind: 'empty' }
  /** One record a line: JSON, or JSON behind a head. */
  | { readonly kind: 'lines' }
  /** One JSON text over many lines, small enough for memory. */
  | { readonly kind: 'whole' }
  /** JSON over many lines, or one line too long for memory. */
  | { readonly kind: 'stream' }
  | { readonly kind: 'yaml' }
  | Foreign;

export interface Foreign {
  readonly kind: 'foreign';
  readonly reason: string;
  /** JSON: who loads it may have taken it for a log, so the load ends as one that has left something out. */
  readonly holdsJson: boolean;
}

/** No JSON within so many bytes: something else. */
const FOREIGN_BYTES = 1024 * 1024;
const BOM = /^\ufeff/;

/** Enough to choose by: lines that are JSON by themselves, or plenty without any. */
export function isEnough(head: Buffer): boolean {
  const text = textOf(head);
  const lines = text.split('\n').slice(0, -1).filter(hasText);
  if (isLines(lines)) return mentionsAudit(text) || (isJson(lines[0] ?? '') && tell(text, lines) === 'log');
  return head.length >= FOREIGN_BYTES && !text.split('\n').some(looksLikeJson) && !looksLikeYaml(text);
}

/** Chooses the layout by what stands at the beginning. What is read as a whole and has nothing of a log in it is left out. */
export function chooseLayout({ head, whole }: Pick<Peeked, 'head' | 'whole'>, format?: Format): Layout {
  const text = textOf(head);
  if (format !== undefined) return forced(format, text, whole);
  const layout = layoutOf(head, text, whole);
  if (!whole || !(layout.kind === 'lines' || layout.kind === 'whole' || layout.kind === 'stream')) return layout;
  const told = tell(text, layout.kind === 'whole' ? [text] : text.split('\n').filter(hasText));
  if (told === 'log') return layout;
  const holdsJson = told === 'json' || layout.kind === 'stream';
  return foreign(NO_EVENT, holdsJson);
}

function layoutOf(head: Buffer, text: string, whole: boolean): Layout {
  const lines = text.split('\n').filter(hasText);
  const [first, second] = lines;
  if (first === undefined) return whole ? { kind: 'empty' } : foreign('only blanks at its beginning');
  if (isLines(lines)) {
    if (isJson(first) || mentionsAudit(text)) return { kind: 'lines' };
    return foreign(whole ? NO_EVENT : 'no audit event in its first 16 MiB');
  }
  if (head.includes(0)) return foreign('a binary file');
  if (!looksLikeJson(first) && looksLikeYaml(text)) return whole ? { kind: 'yaml' } : foreign(TOO_LARGE_YAML);
  if (!lines.some(looksLikeJson)) return foreign(whole ? NO_EVENT : 'no JSON in its first MiB');
  if (!looksLikeJson(first) || (whole && second === undefined)) return { kind: 'lines' };
  return whole && isJson(text) ? { kind: 'whole' } : { kind: 'stream' };
}

const NO_EVENT = 'no audit event in it';
const TOO_LARGE_YAML = 'YAML over 16 MiB: split it at its documents';

function forced(format: Format, text: string, whole: boolean): Layout {
  if (format === 'lines') return { kind: 'lines' };
  if (format === 'yaml') return whole ? { kind: 'yaml' } : foreign(TOO_LARGE_YAML);
  return whole && isJson(text) ? { kind: 'whole' } : { kind: 'stream' };
}

/**
 * Whether each line is a text of its own. The first may be damaged, or another program's; then a line that is an event
 * says so. In an array with an element a line, the last one looks like that too: after an opening it takes two.
 */
function isLines(lines: readonly string[]): boolean {
  const [first] = lines;
  if (first === undefined) return false;
  if (isJson(first) || isRecordLine(first)) return true;
  const opens = /[[{,:]\s*$/.test(first);
  const needed = opens ? 2 : 1;
  let events = 0;
  for (const line of lines) if (isEventText(line)) events += 1;
  return events >= needed;
}

/** The log of any container looks like the API server's; its lines are worth looking at when one of them is of an audit log. */
function mentionsAudit(text: string): boolean {
  return text.includes('auditID') || text.includes(' AUDIT: id=');
}

/**
 * What an event has, or what is around one, and what is left of a log that was torn or cut anywhere. As keys of JSON, also
 * within a string: a page about audit logs has the words, too.
 */
const OF_A_LOG =
  /"(?:auditID|requestURI|stageTimestamp|requestReceivedTimestamp|sourceIPs|objectRef|responseStatus|requestObject|responseObject|protoPayload|awslogs)\\*"\s*:|"(?:audit|authorization)\.k8s\.io\/|AUDIT: id=/;

/**
 * Whether texts may be of an audit log, damaged as it may be; or are JSON of something else; or neither. A log has a word
 * of its own in it, or something that a wrapper knows.
 */
function tell(text: string, parts: readonly string[]): 'log' | 'json' | 'other' {
  if (OF_A_LOG.test(text)) return 'log';
  const unwrapper = openUnwrapper();
  let holdsJson = false;
  for (const part of parts) {
    const pieces = unwrapper.take(Buffer.from(part), 0);
    if (unwrapper.isWaiting() || pieces.some(isKnown)) return 'log';
    holdsJson ||= pieces.some(({ kind }) => kind === 'event');
  }
  return holdsJson ? 'json' : 'other';
}

/** Not what any JSON and any text comes to; an event may come out of what was compressed. */
function isKnown(piece: Piece): boolean {
  if (piece.kind === 'event') return piece.text.includes('auditID');
  return piece.kind === 'skipped' || !piece.reason.startsWith('not valid JSON');
}

function foreign(reason: string, holdsJson = false): Foreign {
  return { kind: 'foreign', reason, holdsJson };
}

function textOf(head: Buffer): string {
  return head.toString('utf8').replace(BOM, '');
}

function hasText(line: string): boolean {
  return line.trim() !== '';
}

function looksLikeJson(line: string): boolean {
  const first = line.trimStart()[0];
  return first === '{' || first === '[';
}

function isEventText(line: string): boolean {
  if (!line.includes('auditID')) return false;
  return (looksLikeJson(line) && isJson(line)) || isRecordLine(line);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
