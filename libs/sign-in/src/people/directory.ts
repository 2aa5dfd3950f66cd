import type { Principal } from '#platform';
import { Problem } from '#platform/nest';
import { printable } from '#contracts';
import { claimValues, displayName } from './claims.js';
import type { PersonIds } from './person-ids.js';
import { rightsOf } from './rights.js';
import type { RoleMap } from './role-map.js';

export interface DirectoryOptions {
  readonly issuer: string;
  readonly ids: PersonIds;
  /** A JSON pointer to the claim that says what a person may do. */
  readonly rolesPointer: string;
  readonly map: RoleMap;
  /** Whether a principal (`person:…`) is locked out. */
  readonly isBlocked: (principal: string) => boolean;
  /** Called with a person (`person:…`) who is not let in, and why. */
  readonly onRejected: (reason: 'blocked' | 'no-role', principal: string) => void;
}

/** What is kept of a person whose claims were checked. */
export interface Person {
  readonly sub: string;
  readonly name: string;
  /** The values of the claim that says what they may do; null where the token has no such claim. */
  readonly values: readonly string[] | null;
}

/** Who a person is to the engine, and what they may do there. */
export class Directory {
  constructor(private readonly options: DirectoryOptions) {}

  personOf(claims: Readonly<Record<string, unknown>> & { readonly sub: string }): Person {
    return { sub: claims.sub, name: displayName(claims), values: claimValues(claims, this.options.rolesPointer) };
  }

  idOf({ sub }: Pick<Person, 'sub'>): string {
    return this.options.ids.idOf(this.options.issuer, sub);
  }

  /** @throws Problem 401 where the person is blocked, 403 where no value of the claim is in the map */
  principalOf(person: Person): Principal {
    const { issuer, ids, map, isBlocked, onRejected, rolesPointer } = this.options;
    const all = ids.all(issuer, person.sub);
    const id = all.at(-1) as string;
    if (all.some((each) => isBlocked(`person:${each}`))) {
      onRejected('blocked', `person:${id}`);
      throw new Problem(401, {
        type: 'blocked',
        detail: 'This person is locked out of the engine: an administrator lifts it with perennial keys unblock.',
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    const rights = person.values === null ? null : rightsOf(map, person.values);
    if (rights === null) {
      onRejected('no-role', `person:${id}`);
      throw noRole(person.values, rolesPointer);
    }
    return { id, kind: 'person', name: person.name, ...rights };
  }
}

function noRole(values: readonly string[] | null, pointer: string): Problem {
  const detail =
    values === null
      ? `The token has no claim ${pointer}, which OIDC_ROLES names: let the identity provider add it (docs/sso.md shows how), or set OIDC_ROLES.`
      : values.length === 0
        ? `The claim ${pointer} is empty: let the identity provider give this person a role.`
        : `No value of the claim ${pointer} is in the file of OIDC_MAP (it has ${values.slice(0, 5).map(printable).join(', ')}): add one there, or give this person another role at the identity provider.`;
  return new Problem(403, { type: 'no-role', detail });
}
