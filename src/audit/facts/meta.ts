import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import { patchedParts, takesAway } from './bodies.ts';
import type { MetaFacts } from './body-types.ts';
import { allAt, distinct, firstText, objectsIn, present } from './values.ts';

/** Labels and annotations by which tools mark what is theirs. */
const MARKS: readonly (readonly [manager: string, key: RegExp])[] = [
  ['argocd', /^argocd\.argoproj\.io\/(?:instance|tracking-id)$/],
  ['flux', /^(?:kustomize|helm)\.toolkit\.fluxcd\.io\/name$/],
  ['helm', /^meta\.helm\.sh\/release-name$/],
  ['fleet', /^(?:objectset\.rio\.cattle\.io\/|fleet\.cattle\.io\/)/],
  ['kapp', /^kapp\.k14s\.io\/app$/],
  ['config-sync', /^configmanagement\.gke\.io\/managed$/],
];
const MANAGED_BY = 'app.kubernetes.io/managed-by';
/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#imagepolicywebhook; Binary Authorization of GKE. */
const IMAGE_POLICY = /(?:^|\.)image-policy\.k8s\.io\//;
const BREAK_GLASS = /break-?glass/;

/** What stands in an object's metadata that is worth asking for. `request` is the body as it was sent. */
export function metaFacts(bodies: readonly JsonObject[], request: unknown, isPatch: boolean): MetaFacts | undefined {
  const metadata = allAt(bodies, 'metadata');
  const marks = marksOf(metadata);
  const owners = allAt(metadata, 'ownerReferences').map(ownerOf);
  const templates = allAt(bodies, 'spec', 'template', 'metadata');
  return present({
    generate_name: firstText(metadata.filter(isObject), 'generateName'),
    owners: distinct(owners),
    managers: distinct(marks.flatMap(managersIn)),
    finalizers: isPatch ? finalizersIn(request) : undefined,
    owners_removed: (isPatch && losesOwners(request)) || undefined,
    break_glass: [...marks, ...marksOf(templates)].some(breaksGlass) || undefined,
  });
}

function marksOf(metadata: readonly unknown[]): readonly JsonObject[] {
  return [...allAt(metadata, 'labels'), ...allAt(metadata, 'annotations')].filter(isObject);
}

function ownerOf(reference: unknown): string | undefined {
  const name = stringOf(at(reference, 'name'));
  return name === undefined ? undefined : `${stringOf(at(reference, 'kind')) ?? '?'}/${name}`;
}

function managersIn(map: JsonObject): readonly string[] {
  const named = stringOf(at(map, MANAGED_BY));
  const keys = Object.keys(map).filter((key) => key.includes('/'));
  const marked = MARKS.filter(([, mark]) => keys.some((key) => mark.test(key)));
  return [...(named === undefined ? [] : [named.toLowerCase()]), ...marked.map(([manager]) => manager)];
}

function breaksGlass(map: JsonObject): boolean {
  return Object.entries(map).some(
    ([key, value]) => IMAGE_POLICY.test(key) && BREAK_GLASS.test(`${key}=${stringOf(value)}`),
  );
}

/** A strategic patch names those that go. */
function finalizersIn(patch: unknown): MetaFacts['finalizers'] {
  const lists = listsIn(patch, 'finalizers');
  const taken = at(patch, 'metadata', '$deleteFromPrimitiveList/finalizers');
  if (taken !== undefined || losesAll(patch, lists, 'finalizers')) return 'removed';
  return lists.length > 0 ? 'written' : undefined;
}

function losesOwners(patch: unknown): boolean {
  const lists = listsIn(patch, 'ownerReferences');
  // In a strategic patch, `replace` leaves those that stand beside it, and nothing else.
  return (
    losesAll(patch, lists, 'ownerReferences') || objectsIn(lists.flat()).some(({ $patch }) => $patch !== undefined)
  );
}

/** An empty list removes all, unless the patch is strategic: which kind it is, no event says. */
function losesAll(patch: unknown, lists: readonly (readonly unknown[])[], key: string): boolean {
  return lists.some((list) => list.length === 0) || takesAway(patch, 'metadata', key);
}

function listsIn(patch: unknown, key: string): readonly (readonly unknown[])[] {
  const sent = Array.isArray(patch) ? patchedParts(patch).objects : [patch];
  return sent.map((body) => at(body, 'metadata', key)).filter(Array.isArray);
}
