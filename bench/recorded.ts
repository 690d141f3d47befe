/** The bulk requests that kaudit sends for an input, recorded: its documents, with its ids and facts. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCommand } from './contenders/kaudit.ts';
import { emptyFolder } from './contenders/prebuilt.ts';
import type { Input } from './inputs.ts';
import { run } from './run.ts';
import { freshFolder, startSink, type Workshop } from './workshop.ts';

export async function recordBodies(workshop: Workshop, input: Input): Promise<string> {
  const folder = join(workshop.scratch, 'recorded');
  await emptyFolder(`${folder}.new`);
  const sink = await startSink([`${folder}.new`]);
  try {
    const target = { url: sink.url, username: 'nobody', password: 'nothing' };
    const { code, output } = await run(loadCommand(input.path, target, await freshFolder(workshop, 'state')));
    if (code !== 0) throw new Error(`kaudit load into the recorder ended with ${code}: ${output}`);
  } finally {
    sink.stop();
  }
  await emptyFolder(folder);
  await rename(`${folder}.new`, folder);
  return folder;
}
