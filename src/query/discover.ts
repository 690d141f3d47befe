import { eventsAlias } from '../audit/indices.ts';
import type { Definition } from './definition.ts';
import { reportedKql } from './one-kql.ts';
import type { Scope } from './scope.ts';

/** Kibana migrates parameters of an older version to its own. */
const SINCE = '8.19.0';

/**
 * A link that opens Discover with the query, the window and the columns that matter, over a data view made on the spot:
 * Kibana's redirect endpoint takes the parameters of a locator as JSON (kibana, src/plugins/share, url_service/redirect).
 */
export function discoverLink(kibana: string, definition: Definition, scope: Scope, namespace: string): string {
  const title = eventsAlias(namespace);
  const { from, to } = scope.window;
  const parameters = {
    dataViewSpec: { id: `kaudit-${namespace}`, title, timeFieldName: '@timestamp' },
    query: { language: 'kuery', query: reportedKql(definition, scope) },
    // Discover always has a window.
    timeRange: { from: from ?? '2014-01-01T00:00:00.000Z', to: to ?? 'now' },
    columns: [...new Set([...definition.group.by, 'verb', 'kaudit.resource', 'kaudit.object', 'kaudit.source.ip'])],
    sort: [['@timestamp', 'desc']],
  };
  const base = kibana.replace(/\/+$/, '');
  return `${base}/app/r?l=DISCOVER_APP_LOCATOR&v=${SINCE}&p=${encodeURIComponent(JSON.stringify(parameters))}`;
}
