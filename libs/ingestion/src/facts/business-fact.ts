import {
  Describe,
  documentReader,
  factOf,
  Flag,
  Id,
  isRecordedFact,
  Moment,
  nearest,
  Optional,
  RECORDED_FACTS,
  streamOfFact,
  Text,
  TOUCHPOINT_TYPES,
  validateFact,
  Whole,
  AnyObject,
  type Instant,
} from '#contracts';
import type { AppendItem } from '#event-log';
import { plainContentHash } from '../pipeline/content-hash.js';
import { isReservedSource, type Envelope } from '../pipeline/envelope.js';
import type { IngestItem } from '../pipeline/item.js';
import { placeInTime } from '../pipeline/moment.js';
import { Rejection } from '../pipeline/rejection.js';
import type { Sources } from '../sources/sources.js';

/** A fact of the business as it is sent: the attributes of a CloudEvent of the same names, without a customer. */
export class FactForm {
  @Id(256) @Describe('With the source it names the fact for ever: the same id sent again is the same fact') id!: string;
  @Text(512) @Describe('Who sends it: the name of a source') source!: string;
  @Text(128) @Describe('The fact, such as spend-recorded') type!: string;
  @Optional() @Moment() @Describe('When it became known; where it is absent, when it was received') time?: string;
  @Optional() @Moment() @Describe('The same as `time`, under our own name') occurredAt?: string;
  @AnyObject() @Describe('What the contract of the fact describes') data!: Record<string, unknown>;
  @Optional() @Whole(1, 1000) @Describe('The version of `data`; the newest where it is absent') schemaVersion?: number;
  @Optional() @Flag() @Describe('Must be absent or false: a fact of a test would count') test?: boolean;
}

/** The document of a fact. */
export const FACT_DOCUMENT = documentReader(FactForm);
/** A CloudEvent may have extensions that mean something to other systems on its way. */
const FACT_CLOUDEVENT = documentReader(FactForm, { unknownFields: 'keep' });

/** A fact of the business that passed every validation. */
export interface ValidFact {
  readonly kind: 'fact';
  readonly envelope: Pick<Envelope, 'source' | 'id' | 'type'>;
  readonly append: AppendItem;
}

/** The steps of a fact: envelope, name, time, data. It concerns no customer, so nothing is sealed. */
export function checkFact(
  item: IngestItem,
  sources: Pick<Sources, 'of'>,
  {
    receivedAt,
    arrivedAt,
    by,
  }: { readonly receivedAt: Instant; readonly arrivedAt: Instant | null; readonly by: string | null },
): ValidFact | Rejection {
  if (item.rejection !== undefined) return item.rejection;
  const reading = (item.isCloudEvent === true ? FACT_CLOUDEVENT : FACT_DOCUMENT).read(item.document);
  if (!reading.ok) return Rejection.ofIssues('envelope-invalid', reading.errors);
  const { id, source, type, data, schemaVersion, test, ...times } = reading.value;
  if (isReservedSource(source)) return RESERVED;
  if (test === true) return TEST;
  const registered = sources.of(source);
  if (registered !== null && registered.status !== 'active') return registered.status === 'paused' ? PAUSED : RETIRED;
  if (!isRecordedFact(type)) return otherType(type);
  const moment = placeInTime(times, receivedAt, arrivedAt);
  if (moment instanceof Rejection) return moment;
  const version = schemaVersion ?? factOf(type)?.version ?? 1;
  const validity = validateFact(type, version, data);
  if (!validity.ok) return Rejection.ofIssues('data-invalid', validity.errors, '#/data');
  const content = { type, stated: moment.stated, data };
  return {
    kind: 'fact',
    envelope: { source, id, type },
    append: {
      stream: streamOfFact(type),
      event: {
        ...{ source, id, type, schemaVersion: version, occurredAt: moment.occurredAt },
        contentHash: plainContentHash(content),
        meta: JSON.stringify({ receivedAt, ...(by === null ? {} : { by }) }),
        data: JSON.stringify(data),
      },
    },
  };
}

function otherType(type: string): Rejection {
  if (TOUCHPOINT_TYPES.some(({ name }) => name === type))
    return Rejection.of(
      'type-unknown',
      '#/type',
      'is a touchpoint, and no fact of the business',
      'send it to /v1/touchpoints',
    );
  if (factOf(type) !== null)
    return Rejection.of(
      'fact-internal',
      '#/type',
      'is a fact that the engine records itself',
      'leave it out: policies, types, attributes, sources, models and scores have routes or commands of their own',
    );
  const likely = nearest(type, RECORDED_FACTS);
  return Rejection.of(
    'type-unknown',
    '#/type',
    'must be a fact of the business',
    likely === null ? `send one of ${RECORDED_FACTS.join(', ')}` : `did you mean ${likely}?`,
  );
}

const RESERVED = Rejection.of(
  'source-reserved',
  '#/source',
  'must not be a name that the engine uses itself',
  'give the source a name of its own',
);
const TEST = Rejection.of(
  'test-fact',
  '#/test',
  'must not be a test: a fact counts in figures',
  'leave it out of a live engine',
);
const PAUSED = Rejection.of(
  'source-paused',
  '#/source',
  'is a source that was paused',
  'resume the source (`perennial sources resume NAME`), then release the event',
);
const RETIRED = Rejection.of(
  'source-retired',
  '#/source',
  'is a source that was retired for good',
  'register a source of another name for the system that sends now; discard the event, or release it with that source',
);
