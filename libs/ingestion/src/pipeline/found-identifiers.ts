import { NAMESPACES } from '#contracts';
import type { Identities } from './identities.js';

const VALUES_MAX = 5_000;
const LISTED_MAX = 64;
const ADDRESS = /[^\s"'<>,;:()[\]{}\\]{1,64}@[^\s"'<>,;:()[\]{}\\@]{1,190}/g;

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
const NAMES = new Map<string, string>(NAMESPACES.map((namespace) => [plain(namespace), namespace]));

/**
 * The subjects that can be found in a body: by identifiers in our form, by fields that have the name of a namespace, and by any text
 * that looks like an e-mail address. Erasing one of them finds the body.
 */
export function foundSubjects(body: unknown, identities: Identities): string[] {
  const found = new Set<string>();
  let values = 0;
  const name = (namespace: string, value: string): void => {
    if (found.size >= LISTED_MAX || value.length > 512 || namespace.length > 64) return;
    const identity = identities.of(namespace, value);
    if (!identity.placeholder) found.add(identity.subjectId);
  };
  const visit = (value: unknown, field: string | null, depth: number): void => {
    values += 1;
    if (values > VALUES_MAX || depth > 16) return;
    if (typeof value === 'string' || typeof value === 'number') {
      const text = String(value);
      const namespace = field === null ? undefined : NAMES.get(plain(field));
      if (namespace !== undefined) name(namespace, text);
      if (field === 'subject') {
        const colon = text.indexOf(':');
        if (colon > 0) name(text.slice(0, colon), text.slice(colon + 1));
      }
      if (text.includes('@')) for (const [address] of text.slice(0, 100_000).matchAll(ADDRESS)) name('email', address);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const item of value) visit(item, field, depth + 1);
      return;
    }
    const { namespace, value: named } = value as Record<string, unknown>;
    if (typeof namespace === 'string' && (typeof named === 'string' || typeof named === 'number'))
      name(namespace, String(named));
    for (const [key, each] of Object.entries(value)) visit(each, key, depth + 1);
  };
  visit(body, null, 0);
  return [...found];
}
