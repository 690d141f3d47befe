import { KauditError } from '../../shared/errors.ts';
import { RELEASES, type Release } from './releases.ts';

export interface Wish {
  /** KAUDIT_ES_VERSION. */
  readonly asked: string | undefined;
  /** Version that wrote the data last, where there are data. */
  readonly ofData: string | undefined;
  /** Version of the Java that was found. */
  readonly java: number;
}

/**
 * The releases to try, best first: the one that is asked for, else that of the data, else those that this Java runs,
 * newest first. Data never go back in version.
 */
export function chooseReleases({ asked, ofData, java }: Wish): readonly Release[] {
  const named = asked ?? ofData;
  if (named === undefined) return RELEASES.filter((release) => java >= release.java);
  const release = RELEASES.find(({ version }) => version === named);
  if (release === undefined) throw unknown(named, asked !== undefined);
  if (java < release.java) {
    throw new KauditError(
      'no-java',
      `Elasticsearch ${named} needs Java ${release.java}; the newest found is ${java}.`,
      {
        hint: `Install Java ${release.java} or newer, or set KAUDIT_JAVA_HOME to it.`,
      },
    );
  }
  if (ofData !== undefined && compareVersions(named, ofData) < 0) throw backwards(named, ofData);
  return [release];
}

function unknown(version: string, asked: boolean): KauditError {
  const known = RELEASES.map((release) => release.version).join(', ');
  const message = asked
    ? `KAUDIT_ES_VERSION is "${version}", which kaudit has no checksum for.`
    : `The data of this node were written by Elasticsearch ${version}, which this kaudit does not know.`;
  const hint = asked
    ? `Use ${known}, or set ELASTICSEARCH_URL to a server of yours.`
    : 'Use the kaudit that wrote them.';
  return new KauditError('invalid-configuration', message, { hint });
}

function backwards(version: string, ofData: string): KauditError {
  return new KauditError(
    'invalid-configuration',
    `The data of this node were written by Elasticsearch ${ofData}; ${version} cannot read them.`,
    { hint: 'Unset KAUDIT_ES_VERSION, start with --fresh (which deletes the data), or use another KAUDIT_HOME.' },
  );
}

function compareVersions(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}
