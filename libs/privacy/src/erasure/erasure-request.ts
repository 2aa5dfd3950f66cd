import { Describe, documentReader, Hint, Matching, Must, Optional, OrNull, Parts, type DocumentRule } from '#contracts';
import type { NamedPerson } from './find-person.js';

/** An identifier in the clear. */
export class IdentifierRequest {
  @Matching('\\S', 64, 'a namespace') @Hint('give a namespace such as email') readonly namespace!: string;
  @Matching('\\S', 512, 'a value') @Hint('give the value of the identifier') readonly value!: string;
}

/** A person as a request names them. */
export class PersonRequest {
  @Optional()
  @Parts(() => IdentifierRequest, 0, 100)
  @Describe('Identifiers of one person')
  readonly identifiers?: readonly IdentifierRequest[];
  @Optional()
  @Matching('^[^:]{1,64}:[\\s\\S]{1,512}$', 577, 'an identifier of the form namespace:value')
  @Must('an identifier of the form namespace:value')
  @Hint('write it as email:ada@example.com')
  readonly identifier?: string;
  @Optional()
  @OrNull(Matching('^[0-9a-f]{32}$', 32, 'the id of a customer'))
  @Must('the id of a customer, of 32 hex characters')
  readonly customer?: string | null;
}

/** The body of an erasure. */
export class ErasureRequest extends PersonRequest {}

export const namesAPerson: DocumentRule<PersonRequest> = ({ identifiers = [], identifier, customer = null }) =>
  identifiers.length > 0 || identifier !== undefined || customer !== null
    ? []
    : [{ pointer: '#', detail: 'must name a person', hint: 'give identifiers, or the id of the customer' }];

export const ERASURE_REQUEST = documentReader(ErasureRequest, { rules: [namesAPerson] });

/** The person that a request names, by identifiers and by the id of the customer. */
export function personOf({ identifiers = [], identifier, customer = null }: PersonRequest): NamedPerson {
  if (identifier === undefined) return { identifiers, customerId: customer };
  const colon = identifier.indexOf(':');
  const named = { namespace: identifier.slice(0, colon), value: identifier.slice(colon + 1) };
  return { identifiers: [...identifiers, named], customerId: customer };
}
