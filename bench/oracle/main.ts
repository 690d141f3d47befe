/** Gives every case of rule tests that others publish to the loader and to the investigation that asks the same. */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, connect, removeNamespace } from 'kaudit';
import { parse } from 'yaml';
import { renderTable } from '../result.ts';
import { startServer } from '../server.ts';
import { readCases } from './cases.ts';
import { judge } from './judge.ts';
import { type Agreement, agreementOf, confusion, disagreements, otherQuestions, readArguments } from './table.ts';

const FOLDER = '../shared/data/rule-cases';
const ARGUMENTS = join(import.meta.dirname, '../../oracle/disagreements.yml');
const TARGET = 0.98;
const INTERRUPTED = 130;

async function main(folder: string): Promise<void> {
  if (!existsSync(folder)) {
    throw new Error(`There is no folder ${folder}. Name the one that holds the cases: npm run oracle -- FOLDER`);
  }
  const args = readArguments(parse(readFileSync(ARGUMENTS, 'utf8')));
  const cases = await readCases(folder);
  const namespace = `oracle_${process.pid}_${Date.now()}`;
  const { cluster, stop } = await openCluster();
  const leave = (): Promise<void> => removeNamespace(cluster, namespace).finally(stop);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void leave().finally(() => process.exit(INTERRUPTED)));
  }
  try {
    const { verdicts, outOfScope, unloaded, filled } = await judge(cluster, namespace, cases);
    const agreement = agreementOf(verdicts, args);
    console.log(renderTable(confusion(verdicts)));
    console.log(`Where the questions differ:\n${otherQuestions(verdicts)}`);
    console.log(`Disagreements:\n${disagreements(verdicts, args)}\nOut of scope:`);
    for (const { id, because } of outOfScope) console.log(`- ${id}: ${because}`);
    console.log('\nNo audit event, so that there is nothing to find:');
    for (const { id, fate } of unloaded) console.log(`- ${id}: ${fate}`);
    console.log(`\nFilled in or put right, with the number of events: ${filled}`);
    console.log(summaryOf(agreement));
    const isArgued = agreement.open.every(({ id }) => args.has(id));
    if (agreement.share < TARGET || !isArgued || agreement.stale.length > 0) process.exitCode = 1;
  } finally {
    await leave();
  }
}

function summaryOf({ cases, agreed, argued, open, stale, share }: Agreement): string {
  const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
  const outdated = stale.length === 0 ? '' : `\nArgued, but there is no such disagreement: ${stale.join(', ')}`;
  return `${cases} cases: ${agreed} agree (${percent(agreed / cases)}), ${argued} disagreements are argued to be theirs, ${open.length} are open. Without those that are theirs ${percent(share)} agree; the target is ${percent(TARGET)}.${outdated}`;
}

/** The server that the environment names, or one of the benchmark's own. */
async function openCluster(): Promise<{ readonly cluster: Cluster; readonly stop: () => Promise<void> }> {
  const { ELASTICSEARCH_URL: url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password } = process.env;
  if (url) {
    const login = { ...(username && { username }), ...(password && { password }) };
    return { cluster: await connect({ url, ...login }), stop: async () => {} };
  }
  const server = await startServer(join(tmpdir(), 'kaudit-bench'));
  return { cluster: await connect(server), stop: server.stop };
}

try {
  await main(process.argv[2] ?? FOLDER);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
