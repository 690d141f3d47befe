/** The query of a request's URI, read without URLSearchParams, which costs more than all other facts of a list. */

/** The parameters of a query; undefined where the URI has none. A name that is given again keeps its first value. */
export function queryOf(requestURI: string): ReadonlyMap<string, string> | undefined {
  const start = requestURI.indexOf('?');
  if (start < 0 || start === requestURI.length - 1) return undefined;
  const parameters = new Map<string, string>();
  for (const part of requestURI.slice(start + 1).split('&')) {
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    if (!parameters.has(name)) parameters.set(name, equals < 0 ? '' : decode(part.slice(equals + 1)));
  }
  return parameters;
}

/** All values of a parameter, in their order. */
export function valuesOf(requestURI: string, name: string): readonly string[] {
  const start = requestURI.indexOf('?');
  return start < 0 ? [] : new URLSearchParams(requestURI.slice(start + 1)).getAll(name);
}

function decode(text: string): string {
  return text.includes('%') || text.includes('+') ? decodePath(text.replaceAll('+', ' ')) : text;
}

/** As the API server reads it: bytes that are no UTF-8 hide none of the others. What is no encoding stays as it is. */
export function decodePath(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString());
}

/** As the API server reads a boolean of a query (kubernetes, apimachinery/pkg/runtime/converter.go): an empty value is true. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false';
}
