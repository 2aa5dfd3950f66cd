import type { Instant } from '#contracts';
import type { EventLog } from '#event-log';
import type { Sealer } from '#keys';
import { TypeContracts } from '../types/type-contracts.js';
import { checkEnvelope } from './envelope.js';
import { Identities } from './identities.js';
import type { IngestItem } from './item.js';
import { placeInTime } from './moment.js';
import { Rejection } from './rejection.js';
import { sealEvent, type ValidTouchpoint } from './sealed-event.js';

export interface IngestionDependencies {
  readonly log: EventLog;
  readonly sealer: Sealer;
  readonly contracts?: TypeContracts;
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

  constructor({ log, sealer, contracts = new TypeContracts() }: IngestionDependencies) {
    this.log = log;
    this.sealer = sealer;
    this.contracts = contracts;
    this.identities = new Identities(sealer);
  }

  /** The steps that need no key: envelope, identifiers, time, data. `arrivedAt`: see `arrivalOf`. */
  validate(item: IngestItem, receivedAt: Instant, arrivedAt: Instant | null): ValidTouchpoint | Rejection {
    if (item.rejection !== undefined) return item.rejection;
    const checked = checkEnvelope(item.document, item.envelope);
    if (checked instanceof Rejection) return checked;
    const { envelope, others } = checked;
    const identified = this.identities.identify(envelope.identifiers);
    if (identified instanceof Rejection) return identified;
    const moment = placeInTime(envelope, receivedAt, arrivedAt);
    if (moment instanceof Rejection) return moment;
    const contract = this.contracts.of(envelope.type, envelope.schemaVersion);
    if (contract === null) return TYPE_UNKNOWN;
    const separation = contract.read(envelope.data);
    if (separation instanceof Rejection) return separation;
    return { envelope, others, identified, moment, contract, separation };
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
  'use a type of the catalogue, or register this one with its JSON Schema and release the event',
);

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
