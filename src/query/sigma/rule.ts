/** Sigma rules as they are written: https://github.com/SigmaHQ/sigma-specification, sigma-rules-specification. */
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { KauditError } from '../../shared/errors.ts';

/** A text with a colon that is not quoted is read as a map. */
const texts = z.array(z.unknown().transform((value) => (typeof value === 'string' ? value : JSON.stringify(value))));

const ruleSchema = z.looseObject({
  title: z.string(),
  id: z.string().optional(),
  description: z.string().optional(),
  author: z.string().optional(),
  references: texts.nullish(),
  tags: texts.nullish(),
  falsepositives: z.union([texts, z.string().transform((text) => [text])]).nullish(),
  level: z.enum(['informational', 'low', 'medium', 'high', 'critical']).optional(),
  logsource: z.looseObject({
    product: z.string().optional(),
    category: z.string().optional(),
    service: z.string().optional(),
  }),
  detection: z.looseObject({ condition: z.union([z.string(), texts]), timeframe: z.unknown().optional() }),
});

export type SigmaRule = z.infer<typeof ruleSchema>;

const LARGEST = 256 * 1024;

/** Reads a rule about the Kubernetes audit log; throws `invalid-query` for anything else. */
export function parseSigmaRule(source: string, file: string): SigmaRule {
  if (source.length > LARGEST) throw notARule(file, 'it is larger than 256 KiB');
  const documents = parseAllDocuments(source, { version: '1.2', schema: 'core', uniqueKeys: true });
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (document === undefined) throw notARule(file, 'it is empty');
  if (second !== undefined)
    throw notARule(file, 'it holds several documents; correlations and collections are not read');
  const [error] = document.errors;
  if (error !== undefined) throw notARule(file, error.message.split('\n')[0] ?? '');
  const result = ruleSchema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!result.success) {
    throw notARule(file, result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  const { product, service } = result.data.logsource;
  if (product !== 'kubernetes' || (service !== undefined && service !== 'audit')) {
    throw notARule(file, `its logsource is ${product}/${service}, not the Kubernetes audit log`);
  }
  return result.data;
}

function notARule(file: string, why: string): KauditError {
  return new KauditError('invalid-query', `${file} cannot be imported: ${why}.`, {
    hint: 'Wanted is one Sigma rule with logsource product kubernetes and service audit.',
  });
}
