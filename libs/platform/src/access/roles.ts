import type { Permission } from './permissions.js';

/** What a role may do, and for which purposes it opens personal data by default. */
export interface RoleDefinition {
  readonly permissions: readonly Permission[];
  /** Absent where the role opens no personal data by itself. */
  readonly purposes?: readonly string[];
  /** What the role is for, in docs and in the help of the command line. */
  readonly meaning: string;
}

/** The roles: sets of permissions for the usual tasks. A key has one role, or single permissions, or both. */
export const ROLES = {
  channel: { permissions: ['publish'], meaning: 'a system that sends touchpoints' },
  marketer: { permissions: ['read', 'curate'], meaning: 'segments and figures, without personal data' },
  'service-agent': {
    permissions: ['read', 'open'],
    purposes: ['service', 'complaint'],
    meaning: 'answers one customer at a time',
  },
  auditor: {
    permissions: ['read', 'audit', 'prove', 'open'],
    purposes: ['audit'],
    meaning: 'checks the log and the figures; changes nothing',
  },
  operator: {
    permissions: ['operate', 'quarantine', 'types'],
    meaning: 'keeps the engine running; sees no personal data',
  },
  'privacy-officer': {
    permissions: ['erase', 'hold', 'open'],
    purposes: ['subject-request', 'legal'],
    meaning: 'answers the requests of data subjects',
  },
  admin: {
    permissions: ['administer', 'policy', 'decide', 'approve'],
    meaning: 'keys, policies and decisions; opens no personal data',
  },
} as const satisfies Readonly<Record<string, RoleDefinition>>;

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as readonly Role[];

export const roleDefinition = (role: Role): RoleDefinition => ROLES[role];
