/** A file of a Maven repository, with what its bytes must hash to. */
export interface Artifact {
  readonly groupId: string;
  readonly artifactId: string;
  readonly version: string;
  readonly extension: 'zip' | 'jar';
  readonly sha256: string;
}

/** A version of the embedded server. */
export interface Release {
  readonly version: string;
  /** Oldest Java that runs it. */
  readonly java: number;
  readonly server: Artifact;
  /** Size of the server's archive. */
  readonly megabytes: number;
  /** Jars of the module that adds the `kql` query. */
  readonly kql: readonly Artifact[];
}

const ANTLR: Artifact = {
  groupId: 'org.antlr',
  artifactId: 'antlr4-runtime',
  version: '4.13.1',
  extension: 'jar',
  sha256: '54665d2838cc66458343468efc539e454fc95b46a8a04b13c6ac43fc9be63505',
};

function release(version: string, java: number, megabytes: number, serverSha256: string, kqlSha256: string): Release {
  const server = { groupId: 'org.elasticsearch.distribution.integ-test-zip', artifactId: 'elasticsearch' };
  const kql = { groupId: 'org.elasticsearch.plugin', artifactId: 'x-pack-kql' };
  return {
    version,
    java,
    megabytes,
    server: { ...server, version, extension: 'zip', sha256: serverSha256 },
    kql: [{ ...kql, version, extension: 'jar', sha256: kqlSha256 }, ANTLR],
  };
}

/**
 * Versions that were run, newest first. Pinned with their checksums, because not every version of these artifacts is
 * served everywhere, and the repository's own checksum files are not always there.
 */
export const RELEASES: readonly Release[] = [
  release(
    '9.5.3',
    21,
    132,
    'bec49f3b8d00e75c8d1cec85c35298635ec9fbd3ae80ef5aeb6bc05abdb3db2d',
    '74241e3ce45fcb48b14e00aba2c80ef0b235afdd2005e2af8b26a1975b2cbc9e',
  ),
  release(
    '9.4.3',
    21,
    124,
    'adde840e7013d25cf04203377abf77ad66573bc5db381e5b865c18ef5d683bc5',
    'ba8d503951ea5630afe40b232d3907d58671b3d22fec3333881e673f827ccda4',
  ),
  release(
    '8.19.21',
    17,
    107,
    '215d5f3dbf0609a149f6218a9e47b6ae2df34ebbff3c5754e35f15a5e5393c8a',
    'eb1f1dcee709afc018c059f7b38fed40ad00438aaf28309aa81cecd1899082ec',
  ),
];
