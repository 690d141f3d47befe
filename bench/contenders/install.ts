/** Installing peers into the scratch folder, with the ordinary clients of their registries. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Unavailable } from '../contender.ts';

const execute = promisify(execFile);

/** Runs an installer; a failure means that the contender is left out, with its last words as the reason. */
export async function install(name: string, argv: readonly string[], cwd: string): Promise<void> {
  const [program = '', ...args] = argv;
  try {
    await execute(program, args, { cwd, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const words = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    throw new Unavailable(`${name} could not be installed: ${words}`);
  }
}

/** Where a program is on PATH. */
export async function requireProgram(program: string): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    const path = `${folder}/${program}`;
    if (await exists(path)) return path;
  }
  throw new Unavailable(`${program} is not installed here.`);
}

export async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
