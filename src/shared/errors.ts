/** What went wrong, as a stable word that scripts may rely on. Every code has one exit code. */
export type ErrorCode =
  | 'usage'
  | 'invalid-configuration'
  | 'invalid-query'
  | 'unwritable-output'
  | 'no-java'
  | 'no-disk'
  | 'no-network'
  | 'bad-download'
  | 'port-taken'
  | 'start-failed'
  | 'not-ours'
  | 'unreachable'
  | 'unauthorized'
  | 'unsupported-server'
  | 'mapping-newer'
  | 'server-refused'
  | 'ledger-unbalanced'
  | 'state-in-use'
  | 'interrupted'
  | 'internal';

/** The process's exit codes. `findings` and `partial` are results rather than errors. */
export const EXIT = { done: 0, failed: 1, usage: 2, partial: 3, findings: 4, unbalanced: 5, interrupted: 130 } as const;

const EXIT_BY_CODE: Partial<Record<ErrorCode, number>> = {
  usage: EXIT.usage,
  'invalid-configuration': EXIT.usage,
  'invalid-query': EXIT.usage,
  'ledger-unbalanced': EXIT.unbalanced,
  interrupted: EXIT.interrupted,
};

export interface ErrorDetails {
  /** What the user can do now, as a whole sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error class that reaches the user: a code, a sentence that says what happened, a hint that says what to do. */
export class KauditError extends Error {
  override readonly name = 'KauditError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }

  get exitCode(): number {
    return EXIT_BY_CODE[this.code] ?? EXIT.failed;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Node's error code (`ENOENT`, `EADDRINUSE`, …) of anything that was thrown. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
