#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import type { Run } from './commands/context.ts';
import { commandsFor } from './commands/index.ts';
import { negatedValue, optionWithoutValue } from './commands/option-values.ts';
import { chooseCluster } from './elastic/index.ts';
import { EXIT, KauditError, messageOf } from './shared/errors.ts';
import { processIo, STDIN, tell } from './shared/io.ts';
import { readSettings } from './shared/settings.ts';
import { VERSION } from './shared/version.ts';

const run: Run = async (flags, action) => {
  const io = processIo({ quiet: flags.quiet === true, verbose: flags.verbose === true });
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    // The first asks for a tidy end, the second does not wait for it.
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
    io.say('Interrupted: finishing what is under way. Once more to stop at once.');
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  const settings = readSettings();
  const cluster = () => chooseCluster({ settings, say: io.say, progress: io.progress, signal: interrupt.signal });
  try {
    process.exitCode = await action({ io, settings, cluster, signal: interrupt.signal });
  } catch (error) {
    io.progress('');
    process.exitCode = explain(error, flags.verbose === true, interrupt.signal.aborted);
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
};

/** Says what went wrong and what to do about it, and gives the exit code. */
function explain(error: unknown, verbose: boolean, interrupted: boolean): number {
  const known = error instanceof KauditError;
  if (interrupted && error instanceof Error && error.name === 'AbortError') return EXIT.interrupted;
  tell(`kaudit: ${known ? error.message : `unexpected error: ${messageOf(error)}`}`);
  if (known && error.hint !== undefined) tell(error.hint);
  if (verbose || !known) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  return known ? error.exitCode : EXIT.failed;
}

/** yargs 18 loses a bare "-", which these commands take for stdin: they know it by this name too. */
function withStdin(args: readonly string[]): readonly string[] {
  const takesStdin = ['load', 'api', 'explain'].some((command) => args.includes(command));
  return takesStdin ? args.map((arg) => (arg === '-' ? STDIN : arg)) : args;
}

// V8 lets old garbage grow until the heap is several times what is alive in it, and a load never stops making some. To
// collect it sooner takes 50 MB less and no time that can be measured (bench memory; v8/src/flags/flag-definitions.h).
setFlagsFromString('--heap-growing-percent=50');

const args = withStdin(hideBin(process.argv));
const commands = await commandsFor(args);

await yargs(args)
  .scriptName('kaudit')
  .usage('$0 COMMAND\n\nLoads Kubernetes audit logs into Elasticsearch and asks them who did what.')
  .command(commands.map((command) => command(run)))
  .completion('completion', 'Print a completion script for bash or zsh')
  .option('quiet', { alias: 'q', type: 'boolean', describe: 'Say nothing but errors on stderr', global: true })
  .option('verbose', { type: 'boolean', describe: 'Say more on stderr', global: true })
  .alias('help', 'h')
  .version(VERSION)
  .demandCommand(1, 'Name a command.')
  .strict()
  .check((parsed) => {
    const negated = negatedValue(args);
    if (negated !== undefined) return `Unknown argument: ${negated}`;
    const option = optionWithoutValue(args, parsed);
    return option === undefined ? true : `${option} needs a value.`;
  })
  .recommendCommands()
  .wrap(Math.min(process.stdout.columns ?? 80, 100))
  .epilogue('Exit codes: 0 done, 1 failed, 2 usage, 3 partial, 4 findings, 5 unbalanced ledger, 130 interrupted.')
  .fail((message, error) => {
    const said = message?.startsWith('Not enough non-option arguments') ? 'An argument is missing.' : message;
    tell(`kaudit: ${said ?? messageOf(error)}\nTry: kaudit --help, or kaudit COMMAND --help`);
    process.exit(EXIT.usage);
  })
  .parseAsync();
