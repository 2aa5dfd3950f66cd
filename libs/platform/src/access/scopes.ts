import type { Permission } from './permissions.js';

/** What a scope allows: everything, or what it lists. */
export type Scope = 'all' | readonly string[];

/** What narrows the permissions of a principal. */
export interface Scopes {
  /** The sources that it may publish for, each as it is (`shop`) or with all below it (`shop/*`, which `shop` itself is not among). */
  readonly sources: Scope;
  /** The types of touchpoints that it may publish, each as it is or with all below it (`acme.*`). */
  readonly types: Scope;
  /** The brands whose data it may see. */
  readonly brand: Scope;
  /** The purposes that it may open personal data for. */
  readonly purposes: Scope;
}

/** Scopes as a document or a stored key holds them: a scope that is absent allows everything. */
export type GivenScopes = { readonly [Name in keyof Scopes]?: Exclude<Scopes[Name], 'all'> };

export const SCOPE_NAMES = ['sources', 'types', 'brand', 'purposes'] as const satisfies readonly (keyof Scopes)[];

export const UNLIMITED: Scopes = { sources: 'all', types: 'all', brand: 'all', purposes: 'all' };

/** What each permission is narrowed by; a permission that is not here has no scope. The purposes are checked where data is opened. */
const NARROWED_BY: { readonly [P in Permission]?: readonly (keyof Scopes)[] } = {
  publish: ['sources', 'types'],
  read: ['brand'],
  audit: ['brand'],
  decide: ['brand'],
};

export const scopesOfPermission = (permission: Permission): readonly (keyof Scopes)[] => NARROWED_BY[permission] ?? [];

/** The scopes that were given, and no limit where none was. */
export const scopesOf = (given: GivenScopes): Scopes => ({ ...UNLIMITED, ...given });

/** The scopes as a document holds them. */
export function givenScopes(scopes: Scopes): GivenScopes {
  const limited = SCOPE_NAMES.filter((name) => scopes[name] !== 'all').map((name) => [name, scopes[name]]);
  return Object.fromEntries(limited) as GivenScopes;
}

/** Whether a scope allows a value. Of sources and types, `shop/*` and `acme.*` allow what begins with `shop/` and `acme.`. */
export const isInScope = (scope: Scope, value: string): boolean =>
  scope === 'all' || scope.some((pattern) => covers(pattern, value));

/** Whether everything that the inner scope allows is allowed by the outer one. */
export const isWithin = (inner: Scope, outer: Scope): boolean =>
  outer === 'all' || (inner !== 'all' && inner.every((each) => outer.some((pattern) => covers(pattern, each))));

/** A pattern covers itself, what lies below it, and the patterns below it: `shop/*` covers `shop/web` and `shop/web/*`. */
const covers = (pattern: string, value: string): boolean =>
  pattern === value ||
  (isOpenEnded(pattern) && value.startsWith(pattern.slice(0, -1)) && value !== pattern.slice(0, -1));

const isOpenEnded = (pattern: string): boolean => pattern.endsWith('/*') || pattern.endsWith('.*');
