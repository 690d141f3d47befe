/** Why each dependency is there, and who keeps it: name -> [upkeep, why]. */
export const DEPENDENCIES: Readonly<Record<string, readonly [string, string]>> = {
  '@elastic/elasticsearch': [
    'Elastic',
    'The official client: TLS, authentication, connections. 8.19 speaks to 8.19 and 9.x, 9.x does not speak to 8.19',
  ],
  'mvn-artifact-url': ['one maintainer, small', 'Maven coordinates to addresses, for any mirror'],
  'p-limit': ['Sindre Sorhus', 'Bounds concurrent files, bulks and queries'],
  'stream-json': ['Eugene Lazutkin, since 2013', 'JSON documents too large for memory'],
  'string-width': ['Sindre Sorhus', 'Columns that a text takes on a terminal: wide characters, emoji'],
  tinyglobby: ['SuperchupuDev; used by Vite and tsup', 'Globs; Node has its own from 22 on'],
  yaml: ['Eemeli Aro', 'Definitions, and audit events in YAML: YAML 1.2 with errors that say where'],
  yargs: ['yargs team', 'Commands, help, completion'],
  yauzl: ['Josh Wolfe', "Unpacks the server's archive entry by entry"],
  zod: ['Colin McDonnell', 'Strict schemas of definitions and state'],
  '@biomejs/biome': ['Biome team', 'Formats and lints'],
  '@types/node': ['DefinitelyTyped', 'Types of Node 20'],
  '@types/yargs': ['DefinitelyTyped', 'Types of yargs'],
  '@types/yauzl': ['DefinitelyTyped', 'Types of yauzl'],
  'fast-check': ['Nicolas Dubien', 'Property tests'],
  testcontainers: ['AtomicJar / Docker', 'Elasticsearch in a container where Docker answers'],
  typescript: ['Microsoft', 'The language'],
  vitest: ['Vitest team', 'Runs the tests and the benchmarks'],
};
