import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import type { TestElasticsearch } from './elasticsearch.ts';

const IMAGE = 'docker.elastic.co/elasticsearch/elasticsearch:9.5.3';
const PASSWORD = 'kaudit-tests';

/** Elasticsearch in a container; undefined where no Docker answers, unless it is required. */
export async function startContainer(
  required: boolean,
): Promise<{ server: TestElasticsearch; stop: () => Promise<void> } | undefined> {
  try {
    await getContainerRuntimeClient();
  } catch (error) {
    if (required) throw error;
    return undefined;
  }
  const container = await new GenericContainer(IMAGE)
    .withEnvironment({
      'discovery.type': 'single-node',
      'xpack.security.http.ssl.enabled': 'false',
      ELASTIC_PASSWORD: PASSWORD,
      ES_JAVA_OPTS: '-Xms1g -Xmx1g',
    })
    .withExposedPorts(9200)
    .withWaitStrategy(Wait.forHttp('/_cluster/health', 9200).withBasicCredentials('elastic', PASSWORD))
    .withStartupTimeout(180_000)
    .start();
  const url = `http://${container.getHost()}:${container.getMappedPort(9200)}`;
  return {
    server: { url, username: 'elastic', password: PASSWORD },
    stop: async () => {
      await container.stop();
    },
  };
}
