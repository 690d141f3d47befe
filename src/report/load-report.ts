import { FACTS_VERSION } from '../audit/facts/types.ts';
import type { FileReport, LoadReport } from '../load/index.ts';

/** What a load ran with, beside what it found. */
export interface LoadCircumstances {
  readonly run: string;
  readonly host: string;
  /** ISO times. */
  readonly started: string;
  readonly finished: string;
  readonly outcome: 'complete' | 'partial' | 'interrupted' | 'unbalanced';
  /** What the command was told to load. */
  readonly sources: readonly string[];
  readonly settings: { readonly cluster?: string; readonly namespace: string; readonly gapSeconds: number };
  readonly versions: { readonly kaudit: string; readonly node: string; readonly elasticsearch: string };
  readonly elasticsearch: {
    readonly url: string;
    readonly kind: string;
    readonly name?: string;
    readonly uuid?: string;
  };
}

/** The proof of a load: what was read, what became of it and why, what it covers, with what and when. */
export interface LoadProof extends LoadCircumstances, LoadReport {
  readonly '@timestamp': string;
  readonly versions: LoadCircumstances['versions'] & { readonly facts: number };
  /** Of what this run has read. */
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly fileCount: number;
}

export function proofOf(report: LoadReport, circumstances: LoadCircumstances): LoadProof {
  const { read, readBefore = 0, bytes, seconds } = report;
  return {
    '@timestamp': circumstances.finished,
    ...circumstances,
    ...report,
    versions: { ...circumstances.versions, facts: FACTS_VERSION },
    eventsPerSecond: rate(read - readBefore, seconds),
    bytesPerSecond: rate(bytes, seconds),
    retries: report.retries ?? {},
    fileCount: report.files.length,
  };
}

function rate(amount: number, seconds: number): number {
  return seconds > 0 ? Math.round(amount / seconds) : 0;
}

/** Most files that a document in the index names; the report as a file names all. */
const MOST_FILES = 1000;

/** The proof as a document: of very many files those with trouble first. */
export function proofDocument(proof: LoadProof): LoadProof {
  if (proof.files.length <= MOST_FILES) return proof;
  const files = [...proof.files.filter(isTroubled), ...proof.files.filter((file) => !isTroubled(file))];
  return { ...proof, files: files.slice(0, MOST_FILES) };
}

/** Whether a file is one to look at. */
export function isTroubled({ quarantined, skipped, reason, balanced }: FileReport): boolean {
  return quarantined > 0 || skipped > 0 || reason !== undefined || !balanced;
}
