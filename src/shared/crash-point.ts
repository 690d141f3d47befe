/** Places at which a process may end, and nothing may be lost by it. */
export type CrashPoint =
  | 'after-read'
  | 'before-send'
  | 'after-answer'
  | 'before-quarantine-write'
  | 'after-quarantine-write'
  | 'before-quarantine-sync'
  | 'after-quarantine-sync'
  | 'before-checkpoint-rename'
  | 'after-checkpoint-rename'
  | 'before-report';

/** `KAUDIT_TEST_CRASH=after-answer:3`: die when this point is reached for the third time. For tests of ours only. */
const [chosen, count] = (process.env['KAUDIT_TEST_CRASH'] ?? '').split(':');
let left = Number(count ?? 1);

/** Ends the process as a power cut would, where a test asks for it. */
export function crashPoint(point: CrashPoint): void {
  if (point !== chosen) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}
