import { nearest, TOUCHPOINT_TYPES, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import type { Sealer } from '#keys';
import type { FirstPolicy } from '../policies/first-policy.js';
import { TypeContracts } from '../types/type-contracts.js';
import { checkEnvelope } from './envelope.js';
import { ErasedPersons } from '../quarantine/erased-persons.js';
import { Identities } from './identities.js';
import type { IngestItem } from './item.js';
import { placeInTime } from './moment.js';
import { Rejection } from './rejection.js';
import { sealEvent, type ValidTouchpoint } from './sealed-event.js';

export interface IngestionDependencies {
  readonly log: EventLog;
  readonly sealer: Sealer;
  readonly contracts?: TypeContracts;
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
  readonly identities: Identities;
  readonly log: EventLog;
  readonly sealer: Sealer;
  readonly erasedPersons: ErasedPersons;
  private readonly firstPolicy: FirstPolicy | undefined;

  constructor({ log, sealer, contracts = new TypeContracts(), firstPolicy }: IngestionDependencies) {
    this.log = log;
    this.firstPolicy = firstPolicy;
    this.sealer = sealer;
    this.contracts = contracts;
    this.identities = new Identities(sealer);
    this.erasedPersons = new ErasedPersons(log, sealer.keys);
  }

  /** The steps that need no key: envelope, identifiers, time, data. `arrivedAt`: see `arrivalOf`. */
  validate(item: IngestItem, receivedAt: Instant, arrivedAt: Instant | null): ValidTouchpoint | Rejection {
    if (item.rejection !== undefined) return item.rejection;
    const checked = checkEnvelope(item.document, item.envelope);
    if (checked instanceof Rejection) return checked.and(this.dataRejection(item.document));
    const { envelope, others, unknown } = checked;
    const identified = this.identities.identify(envelope.identifiers);
    const moment = placeInTime(envelope, receivedAt, arrivedAt);
    if (identified instanceof Rejection)
      return identified.and(moment instanceof Rejection ? moment : null, this.dataRejection(envelope));
    if (moment instanceof Rejection) return moment.and(this.dataRejection(envelope));
    const contract = this.contracts.of(envelope.type, envelope.schemaVersion);
    if (contract === null) return this.unknownType(envelope.type);
    const separation = contract.read(envelope.data);
    if (separation instanceof Rejection) return separation;
    return { envelope, others, unknown, identified, moment, contract, separation };
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
   */
  async admit(item: IngestItem, receivedAt: Instant, arrivedAt: Instant | null): Promise<Admission> {
    const touchpoint = this.validate(item, receivedAt, arrivedAt);
    if (touchpoint instanceof Rejection) return { outcome: 'rejected', rejection: touchpoint };
    await this.identities.loadKeys([touchpoint]);
    const event = sealEvent(touchpoint, this.identities.epoch, this.sealer, receivedAt);
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

const TYPE_UNKNOWN = Rejection.of(
  'type-unknown',
  '#/type',
  'must be a type of the catalogue or a registered type',
  'use a type of the catalogue (GET /v1/types lists them), or register this one with its JSON Schema and release the event',
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
