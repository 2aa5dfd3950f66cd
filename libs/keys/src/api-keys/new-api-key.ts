import {
  Describe,
  documentReader,
  Hint,
  keysOf,
  ListOf,
  Matching,
  Moment,
  OneOf,
  Optional,
  OrNull,
  Part,
  Text,
  Whole,
  type DocumentReader,
  type DocumentRule,
  type ValidationIssue,
} from '#contracts';
import {
  formerPermission,
  PERMISSIONS,
  RATE_MAX,
  roleDefinition,
  ROLE_NAMES,
  type Permission,
  type Role,
} from '#platform';

const SCOPE_MAX = 100;

/** What narrows the permissions of a key; a scope that is left out is that of the role, or else unlimited. */
export class KeyScopes {
  @Optional()
  @ListOf(Text(512), 1, SCOPE_MAX)
  @Describe('The sources that the key may publish for, each as it is (`shop`) or all below it (`shop/*`)')
  readonly sources?: readonly string[];

  @Optional()
  @ListOf(Text(200), 1, SCOPE_MAX)
  @Describe('The types of touchpoints that the key may publish, each as it is or all below it (`acme.*`)')
  readonly types?: readonly string[];

  @Optional()
  @ListOf(Text(100), 1, SCOPE_MAX)
  @Describe('The brands whose data the key may see')
  readonly brand?: readonly string[];

  @Optional()
  @ListOf(Text(100), 1, SCOPE_MAX)
  @Describe('The purposes that the key may open personal data for')
  readonly purposes?: readonly string[];
}

/** What the key may do in a minute, in each process; a rate that is left out is that of the role. Null: no limit. */
export class KeyRates {
  @Optional()
  @OrNull(Whole(1, RATE_MAX))
  @Hint('give a whole number, or null for no limit')
  @Describe('Events that it publishes')
  readonly events?: number | null;

  @Optional()
  @OrNull(Whole(1, RATE_MAX))
  @Hint('give a whole number, or null for no limit')
  @Describe('Events that are quarantined: above it the key publishes nothing')
  readonly rejected?: number | null;

  @Optional()
  @OrNull(Whole(1, RATE_MAX))
  @Hint('give a whole number, or null for no limit')
  @Describe('Requests to every other route')
  readonly requests?: number | null;

  @Optional()
  @OrNull(Whole(1, RATE_MAX))
  @Hint('give a whole number, or null for no limit')
  @Describe('Customers whose personal data it opens')
  readonly opened?: number | null;
}

/** An API key to create. */
export class NewApiKey {
  @Matching('\\S', 100, 'text of 1 to 100 characters, not only blanks')
  @Describe('What the key is for, as the list of keys shows it')
  readonly name!: string;

  @Optional()
  @OneOf(...ROLE_NAMES)
  @Describe('The role of the key: a set of permissions')
  readonly role?: Role;

  @Optional()
  @ListOf(OneOf(...PERMISSIONS), 1, PERMISSIONS.length)
  @Describe('What the key may do, beside what its role allows')
  readonly permissions?: readonly Permission[];

  @Optional()
  @Part(() => KeyScopes)
  @Describe('What narrows the permissions')
  readonly scopes?: KeyScopes;

  @Optional()
  @Part(() => KeyRates)
  @Describe('What the key may do in a minute')
  readonly rate?: KeyRates;

  @Optional()
  @Matching('^[a-z][a-z0-9-]{0,63}$', 64, 'the name of a purpose')
  @Hint('give a purpose of the policy that is granted to the key, such as service')
  @Describe('For a machine: the purpose for which the key opens personal data where a request states none')
  readonly standingPurpose?: string;

  @Optional()
  @OrNull(Moment())
  @Hint('give a date-time such as 2027-01-31T00:00:00Z, or null for a key of a channel that never expires')
  @Describe('Until when the key is valid; a year by default. Null: it never expires, for keys that only publish')
  readonly expiresAt?: string | null;
}

const allowsSomething: DocumentRule<NewApiKey> = ({ role, permissions }) =>
  role === undefined && permissions === undefined
    ? [
        {
          pointer: '#',
          detail: 'must say what the key may do',
          hint: 'give role or permissions, such as {"role": "channel"}',
        },
      ]
    : [];

const standingPurposeIsGranted: DocumentRule<NewApiKey> = ({ role, scopes, standingPurpose }) => {
  const granted = scopes?.purposes ?? (role === undefined ? undefined : roleDefinition(role).purposes);
  return standingPurpose === undefined || granted === undefined || granted.includes(standingPurpose)
    ? []
    : [
        {
          pointer: '#/standingPurpose',
          detail: `is not among the purposes that are granted to the key (${granted.join(', ')})`,
          hint: 'grant it in scopes.purposes, or give one of these',
        },
      ];
};

const READER = documentReader(NewApiKey, { rules: [allowsSomething, standingPurposeIsGranted] });

/** Reads an API key to create. A permission by its former name is rejected with the present one. */
export const NEW_API_KEY: DocumentReader<NewApiKey> = {
  schema: READER.schema,
  read(document, at) {
    const reading = READER.read(document, at);
    if (reading.ok) return reading;
    const { permissions } = (document ?? {}) as { readonly permissions?: unknown };
    return { ok: false, errors: reading.errors.map((issue) => withPresentName(issue, permissions)) };
  },
};

function withPresentName(issue: ValidationIssue, permissions: unknown): ValidationIssue {
  const [field, index] = keysOf(issue.pointer).slice(-2);
  if (field !== 'permissions' || !Array.isArray(permissions)) return issue;
  const present = formerPermission(permissions[Number(index)]);
  return present === null
    ? issue
    : { ...issue, detail: 'is the former name of a permission', hint: `write ${present}` };
}
