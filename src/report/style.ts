import { styleText } from 'node:util';
import type { Severity } from '../query/types.ts';

export interface RenderOptions {
  /** Width to lay out for. */
  readonly columns: number;
  readonly colour: boolean;
  readonly verbose?: boolean;
  /** Flags that choose the same data again, such as ` --namespace demo`. */
  readonly scope?: string;
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
