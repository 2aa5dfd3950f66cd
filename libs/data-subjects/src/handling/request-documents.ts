import {
  Default,
  Describe,
  documentReader,
  Hint,
  Matching,
  Moment,
  Must,
  OneOf,
  Optional,
  SUBJECT_REQUEST_KINDS,
  SUBJECT_REQUEST_OUTCOMES,
  Text,
  type DocumentRule,
  type SubjectRequestKind,
  type SubjectRequestOutcome,
} from '#contracts';

const NOTE_MAX = 2_000;

/** A request of a data subject, as a person in the business enters it. */
export class NewSubjectRequest {
  @Optional()
  @Matching('^[0-9a-f]{32}$', 32, 'an id of 32 hex characters')
  @Describe('An id of your own choice, so that the same request sent again is not recorded twice')
  readonly requestId?: string;
  @OneOf(...SUBJECT_REQUEST_KINDS) readonly kind!: SubjectRequestKind;
  @Optional()
  @Matching('^[^:]{1,64}:[\\s\\S]{1,512}$', 577, 'an identifier of the form namespace:value')
  @Must('an identifier of the form namespace:value')
  @Hint('write it as email:ada@example.com')
  @Describe('The person, by an identifier')
  readonly identifier?: string;
  @Optional()
  @Matching('^[0-9a-f]{32}$', 32, 'the id of a customer')
  @Describe('The person, by the id of the customer')
  readonly customer?: string;
  @Text(500)
  @Hint('say how you checked that the asker is the person, such as: passport shown at the counter')
  @Describe('How the identity of the asker was checked. Sealed under the person')
  readonly askerChecked!: string;
  @Optional() @Text(NOTE_MAX) @Describe('A note. Sealed under the person') readonly note?: string;
  @Optional()
  @Moment()
  @Describe('When it reached the business; now by default. The time to answer counts from here')
  readonly receivedAt?: string;
}

const namesOnePerson: DocumentRule<NewSubjectRequest> = ({ identifier, customer }) =>
  (identifier === undefined) === (customer === undefined)
    ? [{ pointer: '#', detail: 'must name one person', hint: 'give identifier, or customer, and not both' }]
    : [];

export const NEW_SUBJECT_REQUEST = documentReader(NewSubjectRequest, { rules: [namesOnePerson] });

/** Why more time is needed. */
export class RequestExtension {
  @Text(NOTE_MAX)
  @Hint(
    'say why: how complex the request is, or how many there are (art. 12(3)); the person is told within the first month',
  )
  @Describe('Why more time is needed. Sealed under the person')
  readonly reason!: string;
}

export const REQUEST_EXTENSION = documentReader(RequestExtension);

/** How a request was answered. */
export class RequestAnswer {
  @Default('handed-over') @OneOf(...SUBJECT_REQUEST_OUTCOMES) readonly outcome!: SubjectRequestOutcome;
  @Optional()
  @Matching('^[0-9a-f]{64}$', 64, 'a SHA-256 of 64 hex characters')
  @Describe('SHA-256 of the manifest of what was handed over')
  readonly digest?: string;
  @Optional()
  @Text(NOTE_MAX)
  @Describe('A note, such as why it was refused. Sealed under the person')
  readonly note?: string;
}

const saysWhatWasHandedOver: DocumentRule<RequestAnswer> = ({ outcome, digest, note }) => {
  if (outcome === 'handed-over' && digest === undefined)
    return [{ pointer: '#/digest', detail: 'is missing', hint: 'give the SHA-256 of manifest.json of the package' }];
  if (outcome === 'refused' && note === undefined)
    return [
      { pointer: '#/note', detail: 'is missing', hint: 'say why it was refused: the person must be told (art. 12(4))' },
    ];
  return [];
};

export const REQUEST_ANSWER = documentReader(RequestAnswer, { rules: [saysWhatWasHandedOver] });
