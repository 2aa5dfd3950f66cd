/** What an API key may do. `open` shows the personal data in what `read` and `audit` answer. */
export const PERMISSIONS = ['publish', 'read', 'open', 'audit', 'operate'] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** An authenticated caller and what they may do. */
export interface Principal {
  /** The id of the API key, or `local` for the command line on the same machine. */
  readonly id: string;
  readonly name: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** Authenticates the caller of a request. The lib `keys` provides it as ACCESS. */
export interface Access {
  /** The principal that a bearer token belongs to; null where the token is unknown, malformed or revoked. */
  authenticate(bearer: string): Principal | null;
}
