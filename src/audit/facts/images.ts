import { stringOf } from '../../shared/json.ts';
import type { PodFacts } from './body-types.ts';
import { distinct, present } from './values.ts';

interface Image {
  readonly registry: string;
  /** Registry and path. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const DEFAULT_REGISTRY = 'docker.io';

/**
 * Takes an image's reference apart as container runtimes do
 * (https://pkg.go.dev/github.com/distribution/reference): the first part is a registry where it looks like a host.
 */
export function readImage(reference: string): Image {
  const [named = '', digest] = splitAt(reference, reference.indexOf('@'));
  const [path = '', tag] = splitAt(named, tagStart(named));
  const slash = path.indexOf('/');
  const first = slash < 0 ? '' : path.slice(0, slash);
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  const registry = isHost ? first.toLowerCase() : DEFAULT_REGISTRY;
  const rest = isHost ? path.slice(slash + 1) : path;
  const below = registry === DEFAULT_REGISTRY && !rest.includes('/') ? `library/${rest}` : rest;
  return {
    registry,
    repository: `${registry}/${below}`,
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest,
  };
}

/** A colon is a tag's only behind the last slash: before it, it is a port's. */
function tagStart(named: string): number {
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? colon : -1;
}

function splitAt(text: string, index: number): readonly [string, string | undefined] {
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

type ImageFacts = Pick<PodFacts, 'images' | 'registries' | 'repositories' | 'tags' | 'unpinned_images'>;

/** Each list is of all images, so that none cuts another one short. */
export function imageFacts(references: readonly unknown[]): ImageFacts {
  const images = new Set(references.map(stringOf).filter((reference) => reference !== undefined));
  const read = [...images].map((reference) => ({ reference, ...readImage(reference) }));
  const facts = present({
    images: distinct(images),
    registries: distinct(read.map(({ registry }) => registry)),
    repositories: distinct(read.map(({ repository }) => repository)),
    tags: distinct(read.map(({ tag }) => tag)),
    unpinned_images: distinct(read.filter(({ digest }) => digest === undefined).map(({ reference }) => reference)),
  });
  return facts ?? {};
}
