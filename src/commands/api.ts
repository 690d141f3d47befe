import { text as readText } from 'node:stream/consumers';
import type { CommandModule } from 'yargs';
import type { Method } from '../elastic/index.ts';
import { safeText } from '../report/index.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import { STDIN } from '../shared/io.ts';
import type { Context, GlobalFlags, Run } from './context.ts';

interface ApiFlags extends GlobalFlags {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

export function apiCommand(run: Run): CommandModule {
  return {
    command: 'api <method> <path>',
    describe: 'Send a request to the cluster with its credentials',
    builder: (args) =>
      args
        .positional('method', { type: 'string', describe: METHODS.join(', '), demandOption: true })
        .positional('path', { type: 'string', describe: 'Such as /_cat/indices?v', demandOption: true })
        .option('body', { type: 'string', describe: 'JSON to send; - reads it from stdin' })
        .example("$0 api POST '/logs-kubernetes.audit_logs-*/_count'", 'how many events there are'),
    handler: (args) => run(args as GlobalFlags, (context) => request(context, args as unknown as ApiFlags)),
  };
}

async function request(context: Context, flags: ApiFlags): Promise<number> {
  const method = METHODS.find((known) => known === flags.method.toUpperCase());
  if (method === undefined) {
    throw new KauditError('usage', `${flags.method} is no method of the API.`, { hint: `Use ${METHODS.join(', ')}.` });
  }
  const path = flags.path.startsWith('/') ? flags.path : `/${flags.path}`;
  const body = flags.body === STDIN ? await readText(context.io.stdin) : flags.body;
  const isBulk = /\/_(bulk|msearch)(\?|$)/.test(path);
  const cluster = await context.cluster();
  const response = await cluster.send({
    method,
    path,
    ...(body !== undefined && { body }),
    ...(isBulk && { contentType: 'ndjson' }),
    raw: true,
  });
  const text = String(response.body);
  const shown = context.io.terminal
    ? text
        .split('\n')
        .map((line) => safeText(line))
        .join('\n')
    : text;
  if (method !== 'HEAD') await context.io.out(shown.endsWith('\n') ? shown : `${shown}\n`);
  if (response.status < 400) return EXIT.done;
  context.io.say(`kaudit: ${method} ${path} answered with status ${response.status}.`);
  return EXIT.failed;
}
