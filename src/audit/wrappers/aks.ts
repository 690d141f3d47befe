/** AKS: diagnostic settings to an event hub or a storage account, and the tables of Log Analytics. */
import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import { elementsAt, textAt } from './parts.ts';
import { addedOf, type Inside, type Wrapper } from './wrapping.ts';

const AUDIT_CATEGORY = /^kube-audit(-admin)?$/;
/** Azure/AKS issue 4635: the platform cuts what the API server prints. */
const CUT = { cut: 'cut off, as AKS does at 16 KiB' };
const MAY_BE_CUT = 15_000;

const batch: Wrapper = (value, text) => {
  const { records } = value;
  if (!Array.isArray(records)) return undefined;
  const inside = elementsAt(text, records, ['records']).map((part): Inside => ({ kind: 'value', ...part, added: {} }));
  return { format: 'records', inside };
};

const diagnostic: Wrapper = (value, text) => {
  const { category, properties } = value;
  if (typeof category !== 'string' || (!isObject(properties) && typeof properties !== 'string')) return undefined;
  return { format: 'aks', inside: [insideOf(value, category, text)] };
};

function insideOf(value: JsonObject, category: string, text: string): Inside {
  const { properties } = value;
  const added = addedOf({
    cluster: clusterOf(value['resourceId']),
    log_stream: category,
    pod: at(properties, 'pod'),
    received: value['time'],
  });
  const otherwise = AUDIT_CATEGORY.test(category) ? {} : { otherwise: `AKS ${nameOf(category)} record` };
  // An export may hold the properties as text.
  if (typeof properties === 'string') return { kind: 'text', text: properties, added, ...otherwise };
  const log = at(properties, 'log');
  if (typeof log === 'string') {
    return { kind: 'text', text: log, added, ...otherwise, ...(log.length > MAY_BE_CUT && CUT) };
  }
  const part = isObject(log) ? textAt(text, ['properties', 'log']) : undefined;
  if (part !== undefined) return { kind: 'value', value: log, ...part, added, ...otherwise };
  return 'otherwise' in otherwise
    ? { kind: 'skipped', what: otherwise.otherwise }
    : { kind: 'unparseable', reason: 'no properties.log in an AKS record', text };
}

function clusterOf(resourceId: unknown): string | undefined {
  return /\/managedClusters\/([^/]{1,128})/i.exec(stringOf(resourceId) ?? '')?.[1];
}

function nameOf(category: string): string {
  return /^[\w.-]{1,40}$/.test(category) ? category : 'other';
}

/** Columns of the tables AKSAudit and AKSAuditAdmin in the order of the event's members; Azure renames them. */
const COLUMNS: readonly (readonly [column: string, member: string])[] = [
  ['Level', 'level'],
  ['AuditId', 'auditID'],
  ['Stage', 'stage'],
  ['RequestUri', 'requestURI'],
  ['Verb', 'verb'],
  ['User', 'user'],
  ['SourceIps', 'sourceIPs'],
  ['UserAgent', 'userAgent'],
  ['ObjectRef', 'objectRef'],
  ['ResponseStatus', 'responseStatus'],
  ['RequestObject', 'requestObject'],
  ['ResponseObject', 'responseObject'],
  ['RequestReceivedTime', 'requestReceivedTimestamp'],
  ['StageReceivedTime', 'stageTimestamp'],
  ['Annotations', 'annotations'],
];
/** Columns that are objects or arrays; an export may hold them as text. */
const DYNAMIC = new Set([
  'User',
  'SourceIps',
  'ObjectRef',
  'ResponseStatus',
  'RequestObject',
  'ResponseObject',
  'Annotations',
]);

/** A row of a table. Nothing in it is inferred: the members only have their names back. */
const tableRow: Wrapper = (value, text) => {
  if (typeof value['AuditId'] !== 'string' || typeof value['Stage'] !== 'string') return undefined;
  const members = COLUMNS.flatMap(([column, member]) => {
    const cell = value[column];
    if (cell === undefined || cell === null || cell === '') return [];
    const cellText = typeof cell === 'string' ? stringCell(column, cell) : textAt(text, [column])?.text;
    return cellText === undefined ? [] : [`"${member}":${cellText}`];
  });
  const added = addedOf({
    cluster: clusterOf(value['_ResourceId']),
    pod: value['PodName'],
    received: value['TimeGenerated'],
  });
  const event = `{"kind":"Event","apiVersion":"audit.k8s.io/v1",${members.join(',')}}`;
  return { format: 'aks-table', inside: [{ kind: 'text', text: event, added }] };
};

/** Bodies that were too big are the string `skipped-too-big-size-object`, which stays one. */
function stringCell(column: string, cell: string): string {
  if (!DYNAMIC.has(column) || !/^\s*[[{]/.test(cell)) return JSON.stringify(cell);
  try {
    JSON.parse(cell);
    return cell;
  } catch {
    return JSON.stringify(cell);
  }
}

export const AKS: readonly Wrapper[] = [batch, diagnostic, tableRow];
