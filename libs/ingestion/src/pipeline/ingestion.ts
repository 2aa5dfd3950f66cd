import { isRecordedFact, nearest, TOUCHPOINT_TYPES, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import type { Sealer } from '#keys';
import type { FirstPolicy } from '../policies/first-policy.js';
import { Sources, type SourceProfile } from '../sources/sources.js';
import { TypeContracts } from '../types/type-contracts.js';
import { checkFact } from '../facts/business-fact.js';
import { checkEnvelope, type Envelope } from './envelope.js';
import { ErasedPersons } from '../quarantine/erased-persons.js';
import { ClassKeys, SealedClasses } from './class-keys.js';
import { Identities } from './identities.js';
import type { IngestItem } from './item.js';
import { placeInTime } from './moment.js';
import { Rejection } from './rejection.js';
import { sealEvent, type ValidTouchpoint } from './sealed-event.js';
import { additionsOf, hashedWithoutCurrency, withCurrency } from './source-defaults.js';

export interface IngestionDependencies {
  readonly log: EventLog;
  readonly sealer: Sealer;
  readonly contracts?: TypeContracts;
  readonly sources?: Sources;
  /** Classes of personal fields that are sealed under keys of their own; by default none. */
  readonly classes?: SealedClasses;
  /** Published before the first touchpoint, where the log has no policy; absent where the log has one. */
  readonly firstPolicy?: FirstPolicy;
}

/** The outcome of an event that is ingested a second time, out of quarantine. */
export type Admission =
  | {
      readonly outcome: 'accepted' | 'duplicate';
      readonly source: string;
      readonly id: string;
      readonly position: number;
    }
  | { readonly outcome: 'suppressed' }
  | { readonly outcome: 'rejected'; readonly rejection: Rejection };

/** The pipeline that every use case shares: it validates an event and makes a touchpoint of it, or a rejection with its reason. */
export class Ingestion {
  readonly contracts: TypeContracts;
  readonly sources: Sources;
  readonly classes: SealedClasses;
  readonly identities: Identities;
  readonly log: EventLog;
  readonly sealer: Sealer;
  readonly erasedPersons: ErasedPersons;
  private readonly firstPolicy: FirstPolicy | undefined;

  constructor({
    log,
    sealer,
    contracts = new TypeContracts(),
    sources = new Sources(),
    classes = new SealedClasses(),
    firstPolicy,
  }: IngestionDependencies) {
    this.log = log;
    this.firstPolicy = firstPolicy;
    this.sealer = sealer;
    this.contracts = contracts;
    this.sources = sources;
    this.classes = classes;
    this.identities = new Identities(sealer);
    this.erasedPersons = new ErasedPersons(log, sealer.keys);
  }

  /** The steps that need no key: envelope, identifiers, time, data. `arrivedAt`: see `arrivalOf`. */
  validate(item: IngestItem, receivedAt: Instant, arrivedAt: Instant | null): ValidTouchpoint | Rejection {
    if (item.rejection !== undefined) return item.rejection;
    const checked = checkEnvelope(item.document, item.envelope, this.sources);
    if (checked instanceof Rejection) return checked.and(this.dataRejection(item.document));
    const { envelope, others, unknown, completion } = checked;
    const source = this.sources.of(envelope.source);
    const barred = source === null ? null : barredBy(source, envelope.type);
    if (barred !== null) return barred;
    const identified = this.identities.identify(envelope.identifiers);
    const moment = placeInTime(envelope, receivedAt, arrivedAt);
    if (identified instanceof Rejection)
      return identified.and(moment instanceof Rejection ? moment : null, this.dataRejection(envelope));
    if (moment instanceof Rejection) return moment.and(this.dataRejection(envelope));
    const agreed = source === null ? envelope.schemaVersion : agreedVersion(envelope, source);
    if (agreed instanceof Rejection) return agreed;
    const contract = this.contracts.of(envelope.type, agreed);
    if (contract === null) return this.unknownType(envelope.type);
    const priced = source === null ? null : withCurrency(envelope.data, contract, source);
    const read = contract.read(priced ?? envelope.data);
    if (read instanceof Rejection) return read;
    const separation = priced === null ? read : hashedWithoutCurrency(read);
    const additions = additionsOf(envelope, completion, source, priced !== null);
    return { envelope, others, unknown, completion, identified, moment, contract, separation, additions };
  }

  /**
   * Loads the keys with which touchpoints are sealed, and creates the missing ones. Those of the subjects come last: an erasure in the meantime is then known
   * when this resolves.
   */
  async loadKeys(touchpoints: readonly ValidTouchpoint[]): Promise<ClassKeys | null> {
    const classKeys = this.classes.areNone ? null : await ClassKeys.load(touchpoints, this.classes, this.sealer);
    await this.identities.loadKeys(touchpoints);
    return classKeys;
  }

  /** What is wrong with the type and the data of an event that is rejected already: its sender should hear all at once. */
  private dataRejection(document: unknown): Rejection | null {
    if (typeof document !== 'object' || document === null) return null;
    const { type, schemaVersion, data } = document as Readonly<Record<string, unknown>>;
    if (typeof type !== 'string' || type === '') return null;
    const version = typeof schemaVersion === 'number' ? schemaVersion : undefined;
    const contract = this.contracts.of(type, version);
    if (contract === null) return type.length > TYPE_LENGTH_MAX ? null : this.unknownType(type);
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
    const separation = contract.read(data);
    return separation instanceof Rejection ? separation : null;
  }

  /** Of an unknown type: with the name that was likely meant. It is one of ours, so nothing personal is repeated. */
  private unknownType(type: string): Rejection {
    if (isRecordedFact(type)) return IS_A_FACT;
    const { types } = this.contracts;
    const likely =
      OTHER_NAMES.get(type.toLowerCase().replace(/[-_. ]/g, '')) ??
      nearest(
        type,
        [...TOUCHPOINT_TYPES, ...types.custom()].map(({ name }) => name),
      );
    if (likely === null) return TYPE_UNKNOWN;
    return Rejection.of(
      'type-unknown',
      '#/type',
      'must be a type of the catalogue or a registered type',
      `did you mean ${likely}? GET /v1/types lists all types; one of your own can be registered with its JSON Schema`,
    );
  }

  /** Whether a policy must be published before a touchpoint is appended: asked once for each batch, true until the first one. */
  get lacksPolicy(): boolean {
    return this.firstPolicy?.isPublished === false;
  }

  /** Sees to it that the log has a policy. */
  async publishFirstPolicy(): Promise<void> {
    await this.firstPolicy?.publish();
  }

  /**
   * Ingests one event again that was received before: without a receipt, since it was counted then, and without
   * quarantining it a second time.
   *
   * @param by what brought it when it was received; null where that is not known
   */
  async admit(item: IngestItem, receivedAt: Instant, arrivedAt: Instant | null, by: string | null): Promise<Admission> {
    const touchpoint =
      item.isFact === true
        ? checkFact(item, this.sources, { receivedAt, arrivedAt, by })
        : this.validate(item, receivedAt, arrivedAt);
    if (touchpoint instanceof Rejection) return { outcome: 'rejected', rejection: touchpoint };
    const classKeys = 'kind' in touchpoint ? null : await this.loadKeys([touchpoint]);
    const event =
      'kind' in touchpoint
        ? touchpoint.append
        : sealEvent(touchpoint, { epoch: this.identities.epoch, classKeys }, this.sealer, receivedAt, by);
    if (event === null) return { outcome: 'suppressed' };
    if (this.lacksPolicy) await this.publishFirstPolicy();
    const [verdict] = await this.log.appendMany([event]);
    const { source, id } = touchpoint.envelope;
    switch (verdict?.status) {
      case 'accepted':
      case 'duplicate':
        return { outcome: verdict.status, source, id, position: verdict.position };
      case 'id-reused':
        return { outcome: 'rejected', rejection: idReused(verdict.position) };
      default:
        return {
          outcome: 'rejected',
          rejection: notStorable(verdict?.status === 'rejected' ? verdict.reason : 'the log gave no verdict'),
        };
    }
  }
}

/** Why a source may not send this at present; null where it may. */
function barredBy({ status, types }: SourceProfile, type: string): Rejection | null {
  if (status !== 'active') return status === 'paused' ? SOURCE_PAUSED : SOURCE_RETIRED;
  return types === null || types.has(type) ? null : TYPE_NOT_PERMITTED;
}

const SOURCE_PAUSED = Rejection.of(
  'source-paused',
  '#/source',
  'is a source that was paused',
  'resume the source (`perennial sources resume NAME`), then release the event',
);
const SOURCE_RETIRED = Rejection.of(
  'source-retired',
  '#/source',
  'is a source that was retired for good',
  'register a source of another name for the system that sends now; discard the event, or release it with that source',
);
const TYPE_NOT_PERMITTED = Rejection.of(
  'type-not-permitted',
  '#/type',
  'must be one of the types that its source may send',
  'add the type to the source (`perennial sources change NAME --types …`), then release the event',
);

/** The version of the data: the one stated, or else the one that the source's contract names. The two must not differ. */
function agreedVersion(
  { type, schemaVersion }: Envelope,
  { settings: { versions } }: SourceProfile,
): number | undefined | Rejection {
  const agreed = versions !== undefined && Object.hasOwn(versions, type) ? versions[type] : undefined;
  if (agreed === undefined || schemaVersion === undefined || schemaVersion === agreed) return schemaVersion ?? agreed;
  return Rejection.of(
    'contract-mismatch',
    '#/schemaVersion',
    `must be ${agreed}, the version that the schema contract of its source names for this type`,
    'send that version, leave schemaVersion out, or change the contract of the source and release the event',
  );
}

const TYPE_UNKNOWN = Rejection.of(
  'type-unknown',
  '#/type',
  'must be a type of the catalogue or a registered type',
  'use a type of the catalogue (GET /v1/types lists them), or register this one with its JSON Schema and release the event',
);
const IS_A_FACT = Rejection.of(
  'type-unknown',
  '#/type',
  'is a fact of the business, and no touchpoint: it concerns no customer',
  'send it to /v1/facts, to a topic facts.*, or by `perennial facts import`; discard this one',
);
const TYPE_LENGTH_MAX = 128;

/** Names of other catalogues, in small letters without separators: the e-commerce events of analytics libraries, and what people try first. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['ordercompleted', 'order-placed'],
  ['ordercreated', 'order-placed'],
  ['orderpaid', 'order-placed'],
  ['purchase', 'order-placed'],
  ['purchased', 'order-placed'],
  ['orderrefunded', 'order-returned'],
  ['refund', 'order-returned'],
  ['ordercanceled', 'order-cancelled'],
  ['productadded', 'cart-updated'],
  ['productremoved', 'cart-updated'],
  ['cartviewed', 'cart-updated'],
  ['addtocart', 'cart-updated'],
  ['removefromcart', 'cart-updated'],
  ['begincheckout', 'checkout-started'],
  ['viewitem', 'product-viewed'],
  ['productsearched', 'product-searched'],
  ['search', 'product-searched'],
  ['pageview', 'site-visited'],
  ['pageviewed', 'site-visited'],
  ['login', 'profile-updated'],
  ['signin', 'profile-updated'],
  ['loggedin', 'profile-updated'],
  ['identify', 'profile-updated'],
  ['signup', 'profile-updated'],
  ['signedup', 'profile-updated'],
]);

export function idReused(position: number): Rejection {
  return Rejection.of(
    'id-reused',
    '#/id',
    `was used before for other content, at position ${position} of the log`,
    'give every event an id of its own; discard this one if it only repeats the other',
  );
}

export function notStorable(reason: string): Rejection {
  return Rejection.of('not-storable', '#', reason, 'send it in another form');
}
