/** JSON Patch as RFC 6902 has it, written from the RFC to compare with: it shares nothing with the code under test. */
export type Operation =
  | { readonly op: string; readonly path: string; readonly value: unknown }
  | { readonly op: string; readonly path: string; readonly from?: string };

interface Applied {
  readonly result: unknown;
  /** The operations that could be done, which are those that were. */
  readonly operations: readonly Operation[];
}

export function applyPatch(document: unknown, operations: readonly Operation[]): Applied {
  let result = structuredClone(document);
  const done: Operation[] = [];
  for (const operation of operations) {
    try {
      result = applyOne(structuredClone(result), operation);
      done.push(operation);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return { result, operations: done };
}

/** Scalars with their places; what lies in an array has no index, since indexes move. */
export function leavesOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [` = ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, below]) => {
    const step = /^(\d+|-)$/.test(key) ? '*' : key;
    return leavesOf(below).map((leaf) => `/${step}${leaf}`);
  });
}

function applyOne(document: unknown, operation: Operation): unknown {
  const { op, path } = operation;
  const value = structuredClone('value' in operation ? operation.value : undefined);
  const from = 'from' in operation ? (operation.from ?? '') : '';
  switch (op) {
    case 'add':
      return put(document, keysOf(path), value);
    case 'replace':
      get(document, keysOf(path));
      return path === '' ? value : put(take(document, keysOf(path)), keysOf(path), value);
    case 'remove':
      return take(document, keysOf(path));
    case 'copy':
      return put(document, keysOf(path), structuredClone(get(document, keysOf(from))));
    case 'move': {
      if (path.startsWith(`${from}/`)) throw new RangeError('into itself');
      const moved = get(document, keysOf(from));
      return path === from ? document : put(take(document, keysOf(from)), keysOf(path), moved);
    }
    default:
      throw new RangeError(`no operation ${op}`);
  }
}

function keysOf(path: string): readonly string[] {
  return path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function get(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce((current, key) => {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) throw new RangeError('absent');
    return Reflect.get(current, key) as unknown;
  }, value);
}

function put(document: unknown, keys: readonly string[], value: unknown): unknown {
  const key = keys.at(-1);
  if (key === undefined) return value;
  const parent = get(document, keys.slice(0, -1));
  if (Array.isArray(parent)) {
    const at = key === '-' ? parent.length : Number(key);
    if (!Number.isInteger(at) || at > parent.length) throw new RangeError('no index');
    parent.splice(at, 0, value);
  } else if (typeof parent === 'object' && parent !== null) {
    Reflect.set(parent, key, value);
  } else throw new RangeError('no container');
  return document;
}

function take(document: unknown, keys: readonly string[]): unknown {
  get(document, keys);
  const key = keys.at(-1);
  if (key === undefined) throw new RangeError('the whole document');
  const parent = get(document, keys.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent as object, key);
  return document;
}
