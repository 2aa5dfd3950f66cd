import {
  Describe,
  documentReader,
  keysOf,
  ListOf,
  Matching,
  OneOf,
  type DocumentReader,
  type ValidationIssue,
} from '#contracts';
import { formerPermission, PERMISSIONS, type Permission } from '#platform';

/** An API key to create. */
export class NewApiKey {
  @Matching('\\S', 100, 'text of 1 to 100 characters, not only blanks')
  @Describe('What the key is for, as the list of keys shows it')
  readonly name!: string;

  @ListOf(OneOf(...PERMISSIONS), 1, PERMISSIONS.length)
  @Describe('What the key may do')
  readonly permissions!: readonly Permission[];
}

const READER = documentReader(NewApiKey);

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
