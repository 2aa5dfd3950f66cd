import type { Permission } from './permissions.js';

/** Permissions by the names that they had before: stored API keys keep them, requests are rejected with the new name. */
export const FORMER_PERMISSIONS: Readonly<Record<string, Permission>> = { 'read-personal': 'open' };

/** The permission that once had this name; null where there is none. */
export const formerPermission = (name: unknown): Permission | null =>
  typeof name === 'string' && Object.hasOwn(FORMER_PERMISSIONS, name) ? (FORMER_PERMISSIONS[name] as Permission) : null;

/** Permissions as an API key was stored with them, under their present names. */
export const presentPermissions = (stored: readonly string[]): readonly Permission[] =>
  stored.map((name) => formerPermission(name) ?? (name as Permission));
