/** People: who signs in at an identity provider, and what they may do here. */
export { readRoleMap, type RoleMap } from './people/role-map.js';
