import { PERMISSIONS, type Permission } from './permissions.js';
import type { Role } from './roles.js';
import type { GivenRates } from './rates.js';
import { UNLIMITED, type Scopes } from './scopes.js';

/** An authenticated caller: who it is, and what it may do. */
export interface Principal {
  /** The id of the API key or of the person; `local` for the command line on the same machine. */
  readonly id: string;
  /** `local`: the engine's own machine, as the command line or a consumer of this process. */
  readonly kind: 'key' | 'person' | 'local';
  /** For people, in messages and lists. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** Those of the roles, and those granted one by one. */
  readonly permissions: ReadonlySet<Permission>;
  readonly scopes: Scopes;
  /** Its own rates, before those of its roles. */
  readonly rate?: GivenRates;
  /** The purpose for which a machine opens personal data where its request states none; absent for people. */
  readonly standingPurpose?: string | null;
}

/** The command line on the engine's machine: it may do everything, since it may read the folder itself. */
export const LOCAL_PRINCIPAL: Principal = {
  id: 'local',
  kind: 'local',
  name: 'command line of this machine',
  roles: [],
  permissions: new Set(PERMISSIONS),
  scopes: UNLIMITED,
};

/** The Kafka consumer of this process: the broker decides what may be written to its topics. */
export const KAFKA_PRINCIPAL: Principal = {
  id: 'kafka',
  kind: 'local',
  name: 'Kafka consumer',
  roles: ['channel'],
  permissions: new Set<Permission>(['publish']),
  scopes: UNLIMITED,
};

/** Who did something, as events record it: `key:5f0c3a9b1d2e`, `person:…`, `local`. */
export const actorOf = ({ kind, id }: Pick<Principal, 'kind' | 'id'>): string =>
  kind === 'local' ? id : `${kind}:${id}`;

/** Authenticates the caller of a request. The lib `keys` provides it as ACCESS. */
export interface Access {
  /** The principal that a bearer token belongs to; null where the token is unknown, malformed, expired or revoked. Synchronous: it is on the path of every event. */
  authenticate(bearer: string): Principal | null;
  /** Counts a wrong key of an address. Returns after how many whole seconds it may try again, or null where it may at once. */
  countWrongKey(address: string): number | null;
  /** Lets people in; absent or null where only keys are accepted. */
  readonly people?: People | null;
}

/** The head of a request: what it shows of its caller. */
export interface RequestHead {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The network address that the request came from. */
  readonly address: string;
}

/** Authenticates people: by an access token of their identity provider, or by the cookie of a session. The lib `sign-in` gives it to `Access`. */
export interface People {
  /** Whether a request shows a token or a session, and no API key. It reads the head alone: every request is asked. */
  recognises(request: RequestHead): boolean;
  /**
   * The person of such a request.
   * @throws Problem 401 where the token or the session is not valid, 403 where it gives no right, 503 while the identity provider cannot be asked
   */
  authenticate(request: RequestHead): Promise<Principal>;
}
