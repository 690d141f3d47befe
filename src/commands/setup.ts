import type { CommandModule } from 'yargs';
import { readTemplate, restoreStale, setup } from '../elastic/index.ts';
import { EXIT } from '../shared/errors.ts';
import type { GlobalFlags, Run } from './context.ts';

const SAID = {
  created: 'The index template is in place.',
  updated: 'The index template and the indices that exist have been brought up to date.',
  unchanged: 'The index template was in place already.',
} as const;

export function setupCommand(run: Run): CommandModule {
  return {
    command: 'setup',
    describe: 'Put the index template in place and restore what a load left tuned (load does both)',
    builder: (args) => args.option('print', { type: 'boolean', describe: 'Only print what would be sent' }),
    handler: (args) =>
      run(args as GlobalFlags, async (context) => {
        if (args['print']) {
          await context.io.out(`${JSON.stringify(readTemplate(), null, 2)}\n`);
          return EXIT.done;
        }
        const cluster = await context.cluster();
        context.io.say(`${cluster.url}: ${SAID[await setup(cluster)]}`);
        const restored = await restoreStale(cluster, '*');
        if (restored > 0)
          context.io.say(`Restored refresh and replicas that a load had left off: ${restored} indices.`);
        return EXIT.done;
      }),
  };
}
