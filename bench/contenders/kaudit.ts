import type { Contender, Target } from '../contender.ts';
import type { Command } from '../run.ts';
import { CLI } from '../server.ts';

export const NAMESPACE = 'bench';
/** kaudit names its indices itself. */
export const KAUDIT_INDICES = `kaudit-events-${NAMESPACE}-*,kaudit-variants-${NAMESPACE}-*`;

export const kaudit: Contender = {
  name: 'kaudit',
  about: 'kaudit load, with facts, ids and ledger; its own mapping',
  setsId: true,
  prepare: async () => {},
  command: async (job) => loadCommand(job.input.path, job, job.state),
};

export function loadCommand(
  path: string,
  { url, username, password }: Target,
  state: string,
  more: readonly string[] = [],
): Command {
  return {
    argv: [process.execPath, CLI, 'load', path, '--cluster', NAMESPACE, '--namespace', NAMESPACE, '--json', ...more],
    env: {
      KAUDIT_HOME: state,
      ELASTICSEARCH_URL: url,
      ELASTICSEARCH_USERNAME: username,
      ELASTICSEARCH_PASSWORD: password,
    },
  };
}
