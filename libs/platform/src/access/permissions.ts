/** What a key may do. `read-personal` opens sealed fields in what `read` and `audit` show. */
export const PERMISSIONS = ['publish', 'read', 'read-personal', 'audit', 'operate'] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** Who is asking, and what they may do. */
export interface Principal {
  /** The key's id, or `local` for the command line on the same machine. */
  readonly id: string;
  readonly name: string;
  readonly permissions: ReadonlySet<Permission>;
}
