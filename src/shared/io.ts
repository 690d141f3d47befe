import { KauditError, systemCodeOf } from './errors.ts';

/**
 * Where a command reads and writes. stdout is data, stderr is talk.
 * Passed as an argument so that tests can watch both and pretend to be a terminal.
 */
export interface Io {
  /**
   * Writes data. Resolves when the reader has taken it, so that a slow pipe slows us down instead of filling memory;
   * with false when the reader has gone (`| head`), which is no error: what is left need not be made.
   */
  readonly out: (text: string) => Promise<boolean>;
  /** Writes one line of talk; silent with `--quiet`. */
  readonly say: (line: string) => void;
  /** Writes one line of talk that is shown only with `--verbose`. */
  readonly detail: (line: string) => void;
  /** Redraws a progress line in place; does nothing where stderr is no terminal. An empty text clears it. */
  readonly progress: (text: string) => void;
  readonly stdin: NodeJS.ReadableStream;
  /** Colour on stdout: a terminal, and NO_COLOR unset. */
  readonly colour: boolean;
  /** Width to lay tables out for: of the terminal, 80 where there is none. */
  readonly columns: number;
  /** True when stdout is a terminal. */
  readonly terminal: boolean;
}

/** The name by which stdin can be given beside `-`. */
export const STDIN = '/dev/stdin';

export interface Talk {
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export function processIo(talk: Talk, env: NodeJS.ProcessEnv = process.env): Io {
  const redraws = process.stderr.isTTY === true && !talk.quiet;
  let drawn = false;
  const clear = (): void => {
    if (drawn) process.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  const say = (line: string): void => {
    if (talk.quiet) return;
    clear();
    tell(line);
  };
  return {
    out: writeFully,
    say,
    detail: (line) => {
      if (talk.verbose) say(line);
    },
    progress: (text) => {
      if (!redraws) return;
      clear();
      if (text === '') return;
      process.stderr.write(text.slice(0, (process.stderr.columns ?? 80) - 1));
      drawn = true;
    },
    stdin: process.stdin,
    colour: process.stdout.isTTY === true && !env['NO_COLOR'],
    columns: process.stdout.columns ?? 80,
    terminal: process.stdout.isTTY === true,
  };
}

/**
 * Writes a line to stderr, broken at blanks to the width of a terminal. Where stderr is no terminal a line stays one, so
 * that scripts find in it what they look for.
 */
export function tell(text: string): void {
  const columns = process.stderr.isTTY === true ? process.stderr.columns : undefined;
  const lines = columns === undefined ? [text] : text.split('\n').flatMap((line) => broken(line, columns));
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** Lines of at most `columns` where words allow it: a path that is cut is of no use. */
export function broken(text: string, columns: number): readonly string[] {
  if (text.length <= columns) return [text];
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    if (line !== undefined && line.trim() !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === undefined ? word : `${line} ${word}`;
  }
  return [...lines, line ?? ''];
}

/** A reader that has seen enough shows as a rejected write; without a listener it would end the process first. */
process.stdout.on('error', () => {});

function writeFully(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (!error) resolve(true);
      else if (systemCodeOf(error) === 'EPIPE' || process.stdout.destroyed) resolve(false);
      else reject(unwritable(error));
    });
  });
}

function unwritable(cause: Error): KauditError {
  return new KauditError('unwritable-output', `The output cannot be written: ${cause.message}.`, { cause });
}
