import { styleText } from 'node:util';
import type { Severity } from '../query/types.ts';

export interface RenderOptions {
  /** Width to lay out for. */
  readonly columns: number;
  readonly colour: boolean;
  readonly verbose?: boolean;
  /** False where a file or another program gets the text: nothing is cut there. */
  readonly terminal?: boolean;
  /** The commands that go on from a finding, with the flags that ask the same again. */
  readonly commandsFor?: (id: string) => readonly string[];
}

/** Columns that evidence may take before it is broken or cut. */
export function roomOf({ columns, terminal }: RenderOptions): number {
  return terminal === false ? Number.POSITIVE_INFINITY : columns;
}

type Tone = 'strong' | 'faint' | 'bad' | 'warning' | 'good';

const CODES = { strong: 'bold', faint: 'dim', bad: 'red', warning: 'yellow', good: 'green' } as const;

/** Colour is an addition: every word stands without it. */
export function paint(text: string, tone: Tone, { colour }: RenderOptions): string {
  return colour ? styleText(CODES[tone], text, { validateStream: false }) : text;
}

export function toneOf(severity: Severity): Tone {
  if (severity === 'critical' || severity === 'high') return 'bad';
  return severity === 'medium' ? 'warning' : 'faint';
}
