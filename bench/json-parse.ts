/** What JSON.parse of every line of a file costs, and nothing else: prints microseconds of CPU an event. */
import { readFileSync } from 'node:fs';

const [, , file = ''] = process.argv;
const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
const before = process.cpuUsage();
for (const line of lines) JSON.parse(line);
const { user, system } = process.cpuUsage(before);
console.log((user + system) / lines.length);
