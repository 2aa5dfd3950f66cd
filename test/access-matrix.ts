import type { OpenAPIObject } from '@nestjs/swagger';
import { PERMISSIONS, ROLE_NAMES, roleDefinition, type Permission, type Role } from '#platform';

/** One route of the matrix: what the decorators say of it, by way of the OpenAPI document. */
export interface RouteRow {
  readonly method: string;
  /** As in the OpenAPI document: `/v1/keys/{id}`. */
  readonly path: string;
  /** One of them is sufficient; null for a route that needs no key. */
  readonly permissions: readonly Permission[] | null;
  readonly roles: readonly Role[];
  /** What a key with a limited scope gets: the route, 403 (for some of the permissions), or no difference. */
  readonly limited: string;
  /** Whether the route may show personal data, for a purpose that is granted. */
  readonly opens: boolean;
}

/** What narrows a permission: sources and types what is published, brands what is seen. */
const SCOPES_OF: { readonly [P in Permission]?: readonly string[] } = {
  publish: ['sources', 'types'],
  read: ['brand'],
  audit: ['brand'],
  decide: ['brand'],
};

interface Operation {
  readonly 'x-permission'?: string;
  readonly 'x-scope'?: readonly string[];
  readonly 'x-only'?: string;
  readonly 'x-opens'?: boolean;
}

/** Every route of the document, in the order of its paths. Throws where one says nothing of its access. */
export function matrixOf({ paths }: OpenAPIObject): readonly RouteRow[] {
  return Object.entries(paths)
    .flatMap(([path, operations]) =>
      Object.entries(operations as Readonly<Record<string, Operation>>).map(([method, operation]) =>
        lineOf(method.toUpperCase(), path, operation),
      ),
    )
    .sort((a, b) => (a.path === b.path ? (a.method < b.method ? -1 : 1) : a.path < b.path ? -1 : 1));
}

function lineOf(method: string, path: string, operation: Operation): RouteRow {
  const { 'x-permission': permission, 'x-scope': narrowed = [], 'x-only': only, 'x-opens': opens = false } = operation;
  if (permission === undefined)
    throw new Error(`${method} ${path} says nothing of its access: it needs @Allow() or @Public().`);
  if (permission === 'public') return { method, path, permissions: null, roles: ROLE_NAMES, limited: '–', opens };
  const permissions = permissionsIn(permission);
  const unknown = permissions.filter((each) => !PERMISSIONS.includes(each));
  if (unknown.length > 0) throw new Error(`${method} ${path} needs ${unknown.join()}, which is not a permission.`);
  const roles = ROLE_NAMES.filter((role) =>
    permissions.some((each) => roleDefinition(role).permissions.includes(each)),
  );
  return {
    ...{ method, path, permissions },
    roles: only === 'local' ? [] : roles,
    limited: limitedCell(permissions, narrowed),
    opens,
  };
}

/** Opens a route to every principal. */
const ANY = 'any';

const permissionsIn = (text: string): readonly Permission[] =>
  text === ANY ? PERMISSIONS : (text.split(' or ') as Permission[]);

function limitedCell(permissions: readonly Permission[], narrowed: readonly string[]): string {
  if (permissions.every((each) => SCOPES_OF[each] === undefined)) return '–';
  const rejected = permissions.filter((each) => SCOPES_OF[each]?.every((scope) => narrowed.includes(scope)) === false);
  if (rejected.length === 0) return 'allowed';
  return rejected.length === permissions.length ? '403' : `403 for ${rejected.join(', ')}`;
}

/** Whether a key of the role, limited in every scope, is rejected by a route that the role may use. */
export function rejectsLimited({ permissions, limited }: RouteRow, role: Role): boolean {
  if (!limited.startsWith('403')) return false;
  const only = limited === '403' ? (permissions ?? []) : limited.replace('403 for ', '').split(', ');
  const held: readonly Permission[] = roleDefinition(role).permissions;
  return (permissions ?? []).filter((each) => held.includes(each)).every((each) => only.includes(each));
}

const YES = 'yes';

/** The matrix as a table of Markdown. */
export function matrixTable(lines: readonly RouteRow[]): string {
  const header = ['route', 'permission', ...ROLE_NAMES, 'limited key', 'personal data'];
  const rows = lines.map(({ method, path, permissions, roles, limited, opens }) => [
    `\`${method} ${path}\``,
    permissions === null ? 'none' : permissions.length === PERMISSIONS.length ? ANY : permissions.join(' or '),
    ...ROLE_NAMES.map((role) => (roles.includes(role) ? YES : '')),
    limited,
    opens ? YES : '',
  ]);
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The lines of a table that `matrixTable` wrote. */
export function readMatrix(page: string): readonly RouteRow[] {
  return page.split('\n').flatMap((text): RouteRow[] => {
    const [route = '', permission = '', ...cells] = text
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [, method, path] = /^`([A-Z]+) (\/\S*)`$/.exec(route) ?? [];
    if (method === undefined || path === undefined) return [];
    return [
      {
        ...{ method, path },
        permissions: permission === 'none' ? null : permissionsIn(permission),
        roles: ROLE_NAMES.filter((_, n) => cells[n] === YES),
        limited: cells[ROLE_NAMES.length] ?? '',
        opens: cells[ROLE_NAMES.length + 1] === YES,
      },
    ];
  });
}

/** The roles as a table of Markdown. */
export function roleTable(): string {
  const rows = ROLE_NAMES.map((role) => {
    const { permissions, purposes, meaning } = roleDefinition(role);
    return [role, meaning, permissions.join(', '), purposes?.join(', ') ?? ''];
  });
  const header = ['role', 'for', 'permissions', 'opens personal data for'];
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
