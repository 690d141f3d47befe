/** Writes what was measured into the README: ratios first. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PeerSample, rate } from './parts/peers.ts';
import { checkTable, type PartResult, renderTable } from './result.ts';
import { median } from './statistics.ts';

export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly parts: readonly PartResult[];
}

const README = join(import.meta.dirname, '../../README.md');
/** Loading and asking are measured at sizes that take hours together: each has its own section, and its own date. */
const SECTIONS = [
  { name: 'benchmark', has: ({ part }: PartResult) => part !== 'library' },
  { name: 'library benchmark', has: ({ part }: PartResult) => part === 'library' },
] as const;
const BAR = 30;

export async function writeReadme(report: Report): Promise<void> {
  let readme = await readFile(README, 'utf8');
  for (const { name, has } of SECTIONS) {
    const parts = report.parts.filter(has);
    if (parts.length > 0) readme = withSection(readme, name, renderReport({ ...report, parts }));
  }
  await writeFile(README, readme);
}

function withSection(readme: string, name: string, text: string): string {
  const section = new RegExp(`(<!-- generated: ${name} -->\n).*?(<!-- end -->)`, 's');
  if (!section.test(readme)) throw new Error(`${README} has no section <!-- generated: ${name} --> … <!-- end -->.`);
  return readme.replace(section, (_, begin: string, end: string) => `${begin}\n${text}\n${end}`);
}

export function renderReport({ date, machine, parts }: Report): string {
  const section = (name: string): PartResult | undefined => parts.find(({ part }) => part === name);
  const peers = section('peers');
  const faults = section('faults');
  const checks = parts.flatMap((part) => part.checks);
  const skipped = parts.flatMap((part) => part.skipped);
  return [
    `Measured on ${date} by \`npm run bench\`. ${machine} Medians of interleaved rounds, with their whole range. ${foreign(parts)}\n`,
    renderTable(checkTable(checks)),
    ...(peers === undefined
      ? []
      : [
          'Events a second, from the start of the program until all can be searched:\n',
          chart(peers.rounds as readonly PeerSample[]),
        ]),
    ...(faults?.tables ?? []).map((table) => renderTable({ ...table, title: `${faults?.title}. ${faults?.method}` })),
    '<details><summary>All tables</summary>\n',
    ...parts.filter(({ part }) => part !== 'faults' && part !== 'mapping').map(partTables),
    '</details>\n',
    ...(skipped.length === 0 ? [] : [`Not measured:\n\n${[...new Set(skipped)].map((why) => `- ${why}\n`).join('')}`]),
  ].join('\n');
}

function partTables({ title, method, tables }: PartResult): string {
  return [`**${title}.** ${method}\n`, ...tables.map(renderTable)].join('\n');
}

/** Whether the machine was quiet, which decides what the numbers are worth. */
export function foreign(parts: readonly PartResult[]): string {
  const shares = parts
    .flatMap(({ rounds }) => rounds)
    .flatMap((round) => ('foreignShare' in round ? [Number(round.foreignShare)] : []));
  if (shares.length === 0) return '';
  const percent = (share: number): string => (100 * share).toFixed(0);
  return `Other programs used ${percent(median(shares))} % of the cores meanwhile (at most ${percent(Math.max(...shares))} %).`;
}

/** Events a second as bars, in the order of speed. */
function chart(samples: readonly PeerSample[]): string {
  const shown = samples.filter(({ kind, mapping }) => kind === 'metadata' && mapping !== 'mapped');
  const ours = rate(shown.filter(({ mapping }) => mapping === 'kaudit'));
  const rows = [...new Set(shown.map(({ contender }) => contender))]
    .map((name) => ({ name, speed: rate(shown.filter(({ contender }) => contender === name)) }))
    .sort((a, b) => b.speed - a.speed);
  const most = Math.max(...rows.map(({ speed }) => speed));
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, speed }) => {
    const bar = '█'.repeat(Math.max(1, Math.round((BAR * speed) / most)));
    const beside = name === 'kaudit' ? '' : `  kaudit is ${(ours / speed).toFixed(1)}x`;
    return `${name.padEnd(width)}  ${bar.padEnd(BAR)}  ${Math.round(speed).toLocaleString('en').padStart(7)}/s${beside}\n`;
  });
  return `\`\`\`\n${lines.join('')}\`\`\`\n`;
}
