/** What a caller may do. docs/access.md lists the routes of each. */
export const PERMISSIONS = [
  /** Send touchpoints. */
  'publish',
  /** Run queries, without personal data. */
  'read',
  /** See personal data in what `read` and `audit` answer. */
  'open',
  /** Replay histories and read the log. */
  'audit',
  /** Release, fix and discard quarantined events. */
  'quarantine',
  /** Decide on customers: merge, unmerge, keep apart. */
  'decide',
  /** Publish policies. */
  'policy',
  /** Define what marketing works with: segments. */
  'curate',
  /** Register touchpoint types. */
  'types',
  /** Erase a person. */
  'erase',
  /** Place and lift legal holds. */
  'hold',
  /** Keep the engine running: projections, feeds, webhooks, backups, metrics, the clock. */
  'operate',
  /** Prove what the log holds. */
  'prove',
  /** Create, rotate and revoke keys, and block principals. */
  'administer',
  /** Approve what another principal requested. */
  'approve',
] as const;

export type Permission = (typeof PERMISSIONS)[number];
