import type { AuditDocument, Candidate } from '../audit/document.ts';
import type { FileLedger } from './ledger.ts';

/** An event between reading and its fate. */
export interface Entry {
  readonly ledger: FileLedger;
  readonly candidate: Candidate;
  readonly document: AuditDocument;
  /** ISO time of the run. */
  readonly ingested: string;
  readonly address: { readonly index: string; readonly id: string };
}
