/** What the README says is generated from what it is about; UPDATE_GOLDEN=1 writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INCIDENT } from '../src/commands/quickstart.ts';
import { readTemplate } from '../src/elastic/index.ts';
import { fieldTypes, membersOf, readLibrary, runInvestigations, SHIPPED } from '../src/query/index.ts';
import { TEMPLATES } from '../src/query/like/index.ts';
import { renderRun } from '../src/report/index.ts';
import { isObject } from '../src/shared/json.ts';
import { SETTINGS } from '../src/shared/settings.ts';
import { firedAt, LEVEL_CHOICES, type LevelChoice, STORYLINES, type Storyline } from '../src/simulate/index.ts';
import { kaudit } from './support/cli.ts';
import { freshNamespace, removeNamespace, testCluster } from './support/cluster.ts';
import { DEPENDENCIES } from './support/dependencies.ts';

const ROOT = join(import.meta.dirname, '..');
const README = join(ROOT, 'README.md');
const { properties } = readTemplate().template.mappings;

function expectSection(name: string, content: string): void {
  const pattern = new RegExp(`(<!-- generated: ${name} -->\n)[^]*?(<!-- end -->)`);
  const readme = readFileSync(README, 'utf8');
  expect(readme).toMatch(pattern);
  const wanted = readme.replace(pattern, (_, begin: string, end: string) => `${begin}\n${content.trimEnd()}\n\n${end}`);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(README, wanted);
  expect(readFileSync(README, 'utf8')).toBe(wanted);
}

function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(headers) + line(headers.map(() => '---')) + rows.map(line).join('');
}

function readMapping<T>(name: string): Readonly<Record<string, T>> {
  return JSON.parse(readFileSync(join(ROOT, `mappings/${name}.json`), 'utf8')) as Readonly<Record<string, T>>;
}

/** How the table of storylines marks an investigation that needs more than level Metadata. */
const MARKS: Readonly<Record<LevelChoice, string>> = {
  metadata: '',
  mixed: '\\*',
  request: '\\*\\*',
  requestresponse: '',
};

function leastLevel(story: Storyline, id: string): LevelChoice {
  return LEVEL_CHOICES.find((level) => firedAt(level, story).includes(id)) ?? 'requestresponse';
}

const code = (text: string): string => `\`\`\`\n${text.trimEnd()}\n\`\`\`\n\n`;

describe('the README', () => {
  it('lists the investigations', () => {
    const { investigations } = readLibrary([SHIPPED], fieldTypes(properties));
    const categories = [...new Set(investigations.map(({ category }) => category))];
    const sections = categories.map((category) => {
      const rows = investigations
        .filter((one) => one.category === category)
        .map(({ definition: { id, question, kind, severity, attack, requires } }) => [
          `[${id}](queries/${category}/${id}.yml)`,
          question,
          kind,
          severity,
          attack.join(' '),
          [requires.level, ...(requires.stages ?? [])].join(', '),
        ]);
      const headers = ['Investigation', 'Question', 'Kind', 'Severity', 'ATT&CK', 'Needs'];
      return `<details><summary>${category}: ${rows.length}</summary>\n\n${table(headers, rows)}\n</details>\n`;
    });
    expectSection('investigations', sections.join('\n'));
  });

  it('lists the packs', () => {
    const { packs, investigations } = readLibrary([SHIPPED], fieldTypes(properties));
    const rows = [...packs.values()].map((pack) => [
      `[${pack.id}](queries/packs/${pack.id}.yml)`,
      String(membersOf(pack, investigations).length),
      pack.title,
    ]);
    expectSection('packs', table(['Pack', 'Investigations', 'For'], rows));
  });

  it('lists the facts, all of them and no other', () => {
    const about = readMapping<string>('about');
    const sources = readMapping<readonly [level: string, from: string]>('sources');
    const facts = leaves(properties['kaudit'], 'kaudit');
    const names = facts.map(([name]) => name);
    expect(Object.keys(about)).toEqual(names);
    expect(Object.keys(sources)).toEqual(names);
    expectSection(
      'fields',
      table(
        ['Fact', 'Type', 'Level', 'From', 'Meaning'],
        facts.map(([name, type]) => [`\`${name}\``, type, ...(sources[name] ?? []), about[name] ?? '']),
      ),
    );
  });

  it('lists the storylines of simulated logs', () => {
    const rows = STORYLINES.map((story) => {
      const fired = firedAt('requestresponse', story).map((id) => `${id}${MARKS[leastLevel(story, id)]}`);
      return [`\`${story.name}\``, story.attack.join(' '), story.summary, fired.join(', ')];
    });
    expectSection('storylines', table(['Storyline', 'ATT&CK', 'What happens', 'Must fire'], rows));
  });

  it('names the templates of scenarios', () => {
    expectSection('templates', `\`${Object.keys(TEMPLATES).sort().join('`, `')}\``);
  });

  it('lists the settings', () => {
    expectSection(
      'configuration',
      table(
        ['Variable', 'Meaning', 'Default'],
        SETTINGS.map(({ name, about, default: fallback }) => [`\`${name}\``, about, fallback]),
      ),
    );
  });

  it('shows the commands as they show themselves', async () => {
    const help = async (...command: readonly string[]): Promise<string> => (await kaudit([...command, '--help'])).out;
    expectSection(
      'commands',
      [
        await help(),
        await help('load'),
        await help('query'),
        await help('query', 'run'),
        await help('query', 'explain'),
        await help('simulate'),
      ]
        .map(code)
        .join(''),
    );
  });

  it('shows a summary as it comes', async () => {
    const namespace = freshNamespace();
    const attacks = INCIDENT.flatMap((name) => ['--attack', name]);
    const simulated = await kaudit(['simulate', '--events', '20000', '--seed', '7', ...attacks, '-o', '-']);
    await kaudit(['load', '-', '--cluster', 'demo', '--namespace', namespace], { input: simulated.out });
    const cluster = await testCluster();
    const { investigations, noise, packs } = readLibrary([SHIPPED], fieldTypes(properties));
    const triage = packs.get('triage');
    const definitions = (triage ? membersOf(triage, investigations) : []).map(({ definition }) => definition);
    const scope = {
      window: {},
      parameters: {},
      noise,
      useNoise: true,
      ask: cluster.ask,
      namespace,
    };
    const run = await runInvestigations({ ...scope, definitions });
    expectSection('summary', code(renderRun(run, 'table', { columns: 80, colour: false })));
    await removeNamespace(cluster, namespace);
  });

  it('lists the dependencies with their licences', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const all = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.keys(DEPENDENCIES)).toEqual(Object.keys(all));
    const rows = Object.entries(all).map(([name, version]) => {
      const { license } = JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')) as {
        license: string;
      };
      const [upkeep, why] = DEPENDENCIES[name] ?? ['', ''];
      return [name + (name in manifest.devDependencies ? ' (development)' : ''), version, license, upkeep, why];
    });
    expectSection('dependencies', table(['Package', 'Version', 'Licence', 'Upkeep', 'Why'], rows));
  });
});

function leaves(field: unknown, name: string): readonly (readonly [string, string])[] {
  if (!isObject(field)) return [];
  const below = field['properties'];
  if (isObject(below)) return Object.entries(below).flatMap(([key, value]) => leaves(value, `${name}.${key}`));
  return [[name, String(field['type'])]];
}
