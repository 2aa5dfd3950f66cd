import {
  Describe,
  documentReader,
  issueUnder,
  ListOf,
  MapOf,
  OneOf,
  Optional,
  Part,
  pointerTo,
  type ValidationIssue,
} from '#contracts';
import { KeyScopes } from '#keys';
import { ConfigError, ROLE_NAMES, type Role } from '#platform';

/** What one value of the claim allows. */
export class RoleGrant {
  @ListOf(OneOf(...ROLE_NAMES), 1, ROLE_NAMES.length)
  @Describe('The roles of a person whose token has this value')
  readonly roles!: readonly Role[];

  @Optional()
  @Part(() => KeyScopes)
  @Describe('What narrows the permissions of these roles')
  readonly scopes?: KeyScopes;
}

/** The document of OIDC_MAP: what each value of the claim allows. A value that is not in it allows nothing. */
export class RoleMap {
  @MapOf(Part(() => RoleGrant))
  @Describe('By the value of the claim: the name of a role or group at the identity provider, or an e-mail address')
  readonly values!: Readonly<Record<string, RoleGrant>>;
}

const namesSomething = ({ values }: RoleMap): readonly ValidationIssue[] =>
  Object.keys(values).length > 0
    ? []
    : [
        {
          pointer: pointerTo('values'),
          detail: 'must name at least one value of the claim',
          hint: 'give such as {"perennial-marketer": {"roles": ["marketer"]}}',
        },
      ];

const ROLE_MAP = documentReader(RoleMap, { rules: [namesSomething] });

/**
 * Reads the document that OIDC_MAP names.
 * @throws ConfigError with every issue of the document
 */
export function readRoleMap(document: unknown): RoleMap {
  if (document === null)
    throw new ConfigError([
      {
        pointer: '#/OIDC_MAP',
        detail: 'must say what people may do, since OIDC_ISSUER is set',
        hint: 'give the path of a file such as {"values": {"perennial-marketer": {"roles": ["marketer"]}}}; docs/sso.md describes it',
      },
    ]);
  const reading = ROLE_MAP.read(document);
  if (reading.ok) return reading.value;
  throw new ConfigError(reading.errors.map((issue) => issueUnder('#/OIDC_MAP', issue)));
}
