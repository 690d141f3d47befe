import { type InvestigationResult, type Place, type RunResult, SEVERITIES } from '../query/types.ts';
import { cellsOf, notesOf, number, parametersText, percent, plural, span } from './format.ts';
import { safeText } from './safe-text.ts';

/** A report for a ticket or a pull request. Names out of the log are escaped: none can become a link, a heading or HTML. */
export function renderMarkdown(run: RunResult): string {
  const { results } = run;
  const findings = results.filter(({ status }) => status === 'findings');
  const others = results.filter(({ status }) => status !== 'findings');
  const parts = [
    '# Audit log findings',
    overview(run),
    ...[...SEVERITIES].reverse().flatMap((severity) => ofSeverity(severity, findings)),
    ...(others.length === 0 ? [] : ['## Without findings', others.map(otherLine).join('\n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function overview({ coverage, parameters, elsewhere = [] }: RunResult): string {
  const { events, requests, levels, clusters, first, last } = coverage;
  const asked = parametersText(parameters);
  const parameterLines = asked === '' ? [] : [`- Parameters: ${escapeText(asked)}`];
  if (events === 0) {
    const there = elsewhere.length === 0 ? [] : ['', 'There are events in', '', ...elsewhere.map(placeLine)];
    return ['No events in this window.', ...parameterLines, ...there].join('\n');
  }
  const names = Object.keys(clusters).map((name) => escapeText(name || '(no cluster name)'));
  const shares = Object.entries(levels).map(([level, count]) => `${level} ${percent(count, events)}`);
  return [
    `- Clusters: ${names.join(', ')}`,
    ...(first !== undefined && last !== undefined ? [`- Times: ${span(first, last)} UTC`] : []),
    `- ${plural(events, 'event')} of ${plural(requests, 'request')}; ${shares.join(', ')}`,
    ...notesOf(coverage).map((note) => `- ${note}`),
    ...parameterLines,
  ].join('\n');
}

/** Where there are events. */
function placeLine({ namespace, cluster, events, first, last }: Place): string {
  const times = first === undefined || last === undefined ? '' : `, ${span(first, last)} UTC`;
  const name = cluster === '' ? '(no cluster name)' : `cluster ${escapeText(cluster)}`;
  return `- Namespace ${escapeText(namespace)}, ${name}: ${plural(events, 'event')}${times}`;
}

function ofSeverity(severity: string, findings: readonly InvestigationResult[]): readonly string[] {
  const chosen = findings.filter((result) => result.severity === severity);
  if (chosen.length === 0) return [];
  return [`## Severity ${severity}`, ...chosen.flatMap(finding)];
}

function finding(result: InvestigationResult): readonly string[] {
  const { id, title, matches, groups, moreGroups, units, legend = {}, hidden, reason } = result;
  const [first] = groups;
  const headers = first === undefined ? [] : [...Object.keys(first.by), ...Object.keys(first.show)];
  const rows = groups.map((group) => cellsOf(group, units).map(escapeText));
  return [
    `### ${escapeText(title)} (\`${id}\`)`,
    `${plural(matches, 'request')}${reason === undefined ? '' : `. ${escapeText(reason)}`}`,
    [row(headers.map(escapeText)), row(headers.map(() => '---')), ...rows.map(row)].join('\n'),
    ...(moreGroups > 0 ? [`and ${number(moreGroups)} more`] : []),
    ...Object.entries(legend).map(([name, says]) => `${escapeText(name)}: ${escapeText(says)}`),
    ...(Object.keys(hidden).length > 0 ? [`Hidden:${hiddenText(hidden)}`] : []),
  ];
}

function otherLine({ id, status, hidden, reason }: InvestigationResult): string {
  const why = reason === undefined ? '' : `, ${escapeText(reason)}`;
  const noise = Object.keys(hidden).length === 0 ? '' : `; hidden:${hiddenText(hidden)}`;
  return `- \`${id}\`: ${status}${why}${noise}`;
}

/** How many requests each noise set hides. */
function hiddenText(hidden: InvestigationResult['hidden']): string {
  return Object.entries(hidden)
    .map(([set, count]) => ` ${number(count)} by ${escapeText(set)}`)
    .join(',');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Every character with a meaning in Markdown, and those that make a bare address or a mention a link. */
function escapeText(text: string): string {
  return safeText(text)
    .replace(/[\\`*_{}[\]()|~<>]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('://', '&#58;//')
    .replaceAll('@', '&#64;');
}
