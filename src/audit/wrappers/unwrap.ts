import { isObject, type JsonObject } from '../../shared/json.ts';
import { AKS } from './aks.ts';
import { CLOUDWATCH } from './cloudwatch.ts';
import { type Fragment, fragmentsOf } from './concatenated.ts';
import { ELASTICSEARCH, extendedEvent } from './elasticsearch.ts';
import { FOREIGN, foreignText } from './foreign.ts';
import { gke } from './gke.ts';
import { arrayOf, eventList } from './kubernetes.ts';
import { prefixed } from './prefixes.ts';
import { SHIPPERS } from './shippers.ts';
import { type Added, type Inside, NOTHING, type Piece, type Wrapper, type Wrapping } from './wrapping.ts';

/** The first that recognises an object opens it: what names its platform before what only has a usual name in it. */
const WRAPPERS: readonly Wrapper[] = [eventList, gke, ...FOREIGN, ...AKS, ...CLOUDWATCH, ...ELASTICSEARCH, ...SHIPPERS];

/** `elasticsearch/filebeat/records/aks` is four. */
const DEEPEST = 4;

/** Where a text was found. */
export interface Place {
  readonly offset: number;
  readonly depth: number;
  readonly format?: string;
  readonly added: Added;
  readonly cut?: string;
  readonly invalidBytes?: Buffer;
}

/** The place of a text that nothing is around. */
export function placeAt(offset: number): Place {
  return { offset, depth: 0, added: NOTHING };
}

/** Takes a text apart until there are events, or it is clear that there are none. Never an empty list. */
export function unwrapText(text: string, place: Place): readonly Piece[] {
  const value = parse(text);
  return value === undefined ? unwrapBroken(text, place) : unwrapValue(text, value, place);
}

/** The value of JSON, which is never undefined; undefined for other text. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function unwrapValue(text: string, value: unknown, place: Place): readonly Piece[] {
  const wrapping = wrappingOf(text, value);
  return wrapping === undefined ? [eventAt(text, value, place)] : open(wrapping, text, place);
}

function wrappingOf(text: string, value: unknown): Wrapping | undefined {
  if (Array.isArray(value)) return arrayOf(text, value);
  if (typeof value === 'string') return { format: 'string', inside: [{ kind: 'text', text: value, added: NOTHING }] };
  if (!isObject(value)) return undefined;
  if (hasEventShape(value)) return extendedEvent(value, text);
  for (const wrapper of WRAPPERS) {
    const wrapping = wrapper(value, text);
    if (wrapping !== undefined) return wrapping;
  }
  return undefined;
}

function hasEventShape({ auditID, stage, level }: JsonObject): boolean {
  return typeof auditID === 'string' && typeof stage === 'string' && typeof level === 'string';
}

function eventAt(text: string, value: unknown, { offset, format = 'Event', added, invalidBytes }: Place): Piece {
  const piece = { kind: 'event' as const, text, value, offset, format, added };
  const isDamaged = invalidBytes !== undefined && text.includes('\ufffd');
  return isDamaged ? { ...piece, invalidBytes } : piece;
}

function open({ format, inside }: Wrapping, text: string, place: Place): readonly Piece[] {
  if (place.depth === DEEPEST) return [unparseable('wrapped more than four times', text, place)];
  if (inside.length === 0) return [{ kind: 'skipped', what: `empty ${format}` }];
  const path = place.format === undefined ? format : `${place.format}/${format}`;
  return inside.flatMap((one) => look(one, path, place));
}

function look(inside: Inside, format: string, outer: Place): readonly Piece[] {
  if (inside.kind === 'skipped') return [inside];
  if (inside.kind === 'unparseable') return [unparseable(inside.reason, inside.text, outer)];
  const place = within(inside, format, outer);
  const pieces =
    inside.kind === 'value' ? unwrapValue(inside.text, inside.value, place) : unwrapText(inside.text.trim(), place);
  return named(pieces, inside.otherwise);
}

function within(inside: Extract<Inside, { kind: 'text' | 'value' }>, format: string, outer: Place): Place {
  const { cut, invalidBytes = outer.invalidBytes } = inside.kind === 'text' ? inside : {};
  return {
    offset: outer.offset + (inside.offset ?? 0),
    depth: outer.depth + 1,
    format,
    added: outer.added === NOTHING ? inside.added : { ...outer.added, ...inside.added },
    ...(cut !== undefined && { cut }),
    ...(invalidBytes !== undefined && { invalidBytes }),
  };
}

/** What has no event in it goes by its name, unless something in it has a better one. */
function named(pieces: readonly Piece[], otherwise: string | undefined): readonly Piece[] {
  if (otherwise === undefined) return pieces;
  const isForeign = pieces.every((piece) => piece.kind === 'unparseable' || isNoEvent(piece));
  return isForeign ? [{ kind: 'skipped', what: otherwise }] : pieces;
}

function isNoEvent(piece: Piece): boolean {
  return piece.kind === 'event' && !(isObject(piece.value) && hasEventShape(piece.value));
}

/** Text that is no JSON: another program's, JSON behind a head, several values, or JSON that breaks off. */
function unwrapBroken(text: string, place: Place): readonly Piece[] {
  if (!/^[[{]/.test(text)) {
    const what = foreignText(text);
    if (what !== undefined) return [{ kind: 'skipped', what }];
    const wrapping = prefixed(text);
    return wrapping === undefined ? [unparseable('not valid JSON', text, place)] : open(wrapping, text, place);
  }
  // What CloudWatch has cut is one event, whatever it looks like.
  const fragments = isTruncated(text) ? [] : fragmentsOf(text);
  if (fragments.length < 2 || fragments.some(isRest)) return [unparseable(whyBroken(text, place), text, place)];
  return fragments.flatMap((fragment) => {
    const at = { ...place, offset: place.offset + fragment.offset };
    const value = parse(fragment.text);
    return value === undefined
      ? [unparseable('not valid JSON', fragment.text, at)]
      : unwrapValue(fragment.text, value, at);
  });
}

/** The rest of something whose beginning is lost: what stands before it may be part of that, and a client's choice. */
function isRest({ text }: Fragment): boolean {
  return /^[,:}\]]/.test(text);
}

/** EKS, falcosecurity/plugins issue 297. */
function isTruncated(text: string): boolean {
  return text.endsWith('[Truncated...]');
}

function whyBroken(text: string, { cut }: Place): string {
  const reason = isTruncated(text) ? 'cut off by CloudWatch' : cut;
  if (reason === undefined) return 'not valid JSON';
  const auditID = /"auditID":"([^"\\]{1,128})"/.exec(text.slice(0, 4096))?.[1];
  return auditID === undefined ? reason : `${reason}: auditID ${auditID}`;
}

function unparseable(reason: string, text: string, { offset }: Place): Piece {
  return { kind: 'unparseable', reason, offset, text };
}
