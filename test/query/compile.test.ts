import { describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/elastic/index.ts';
import { compileSearch, type Definition, fieldTypes, readLibrary, SHIPPED } from '../../src/query/index.ts';
import type { Scope } from '../../src/query/scope.ts';

const library = readLibrary([SHIPPED], fieldTypes(readTemplate().template.mappings.properties));
const SCOPE: Scope = { window: {}, parameters: {}, noise: library.noise, useNoise: true };

function definition(id: string): Definition {
  const found = library.investigations.find((one) => one.definition.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found.definition;
}

const compiled = (id: string, scope: Partial<Scope> = {}): string =>
  JSON.stringify(compileSearch(definition(id), { ...SCOPE, ...scope }));

describe('compileSearch', () => {
  it('asks for no documents, an exact count, and one page of groups', () => {
    expect(
      compileSearch({ ...definition('impersonation'), group: { by: ['verb'], show: {}, limit: 20 } }, SCOPE),
    ).toEqual({
      size: 0,
      track_total_hits: true,
      query: {
        bool: {
          filter: [
            {
              bool: {
                filter: [{ term: { 'kaudit.terminal': true } }, { kql: { query: 'kaudit.actor.impersonator: *' } }],
                must_not: [],
              },
            },
          ],
          must_not: [],
        },
      },
      aggs: {
        groups: {
          composite: { size: 10_000, sources: [{ k0: { terms: { field: 'verb', missing_bucket: true } } }] },
          aggs: {},
        },
      },
    });
  });

  it('counts ends of requests first, of those stages where some are named', () => {
    expect(compiled('secrets-deleted')).toContain('{"term":{"kaudit.terminal":true}}');
    expect(compiled('exec-into-pod')).toContain('{"terms":{"stage":["ResponseStarted","ResponseComplete"]}}');
    expect(compiled('exec-into-pod')).toContain('{"term":{"kaudit.terminal":true}}');
    for (const id of ['secrets-deleted', 'exec-into-pod']) expect(compiled(id)).not.toContain('"field":"auditID"');
  });

  it('never asks for more buckets than a server gives', () => {
    for (const { definition: one } of library.investigations.filter((any) => any.definition.kind !== 'sequence')) {
      const lists = Object.values(one.group.show).filter(
        (measure) => typeof measure === 'object' && 'values' in measure,
      );
      const size = Number(/"composite":\{"size":(\d+)/.exec(compiled(one.id))?.[1]);
      expect(size * (1 + 20 * lists.length)).toBeLessThan(65_536);
    }
  });

  it('asks for the requests of a sequence that have a time, each with the steps that it could be', () => {
    const search = compileSearch(definition('csr-self-approved'), SCOPE);
    expect(search).toMatchObject({ _source: false, query: { bool: { minimum_should_match: 1 } } });
    expect(JSON.stringify(search)).toContain('{"exists":{"field":"@timestamp"}}');
    for (const name of ['0', '1', 'without']) expect(JSON.stringify(search)).toContain(`"_name":"${name}"`);
    expect(search['docvalue_fields']).toContainEqual({ field: 'kaudit.object' });
  });

  it('looks at a window without its end, and at one cluster', () => {
    const scope = { window: { from: '2026-03-02T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z' }, cluster: 'prod' };
    expect(compiled('secrets-deleted', scope)).toContain(
      '{"range":{"@timestamp":{"gte":"2026-03-02T00:00:00.000Z","lt":"2026-03-03T00:00:00.000Z"}}}',
    );
    expect(compiled('secrets-deleted', scope)).toContain('{"term":{"kaudit.cluster":"prod"}}');
  });

  it('puts parameters beside the query text, never into it', () => {
    const hostile = 'x" or verb: "get';
    const search = compileSearch(definition('secrets-deleted'), {
      ...SCOPE,
      parameters: { exceptUsers: [hostile], namespaces: ['prod'] },
    });
    const text = JSON.stringify(search);
    expect(text).toContain(`{"terms":{"kaudit.actor.name":[${JSON.stringify(hostile)}]}}`);
    expect(text).toContain('{"terms":{"objectRef.namespace":["prod"]}}');
    expect(text).toContain(JSON.stringify({ kql: { query: definition('secrets-deleted').match } }));
  });

  it('hides noise, but never for who impersonates, and none with useNoise false', () => {
    expect(compiled('secrets-deleted')).toContain('{"exists":{"field":"kaudit.actor.impersonator"}}');
    expect(compiled('secrets-deleted', { useNoise: false })).not.toContain('impersonator');
  });

  it('refuses an empty value, which would match nothing in silence', () => {
    expect(() => compiled('secrets-deleted', { parameters: { namespaces: [''] } })).toThrow('has an empty value');
  });
});
