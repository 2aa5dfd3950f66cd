import type { Clock } from '#platform';
import { readDocument } from '../cloudevents/read-events.js';
import type { Ingestion } from '../pipeline/ingestion.js';
import type { IngestItem } from '../pipeline/item.js';
import { SOURCE_NOT_PERMITTED } from '../pipeline/publisher.js';
import { nameIn, type QuarantinedData, type QuarantinedMeta } from '../pipeline/quarantined.js';
import type { Closing, Quarantine } from './quarantine.js';

/** Ingest a quarantined event after all: as it is, or fixed. */
export class ReleaseQuarantined {
  constructor(
    readonly quarantineId: string,
    /** The event in its place; undefined for the received one. */
    readonly fixed: unknown,
    /** Id of the principal who releases it. */
    readonly by: string,
  ) {}
}

/** Whether what brought an event (`key:5f0c3a9b1d2e`) may publish for a source now. */
export type KeyPermits = (by: string, source: string) => boolean | Promise<boolean>;

/** Ingests a quarantined event with its original time. It was counted in a receipt when it was received. Twice is the same as once. */
export class ReleaseQuarantinedHandler {
  constructor(
    private readonly quarantine: Quarantine,
    private readonly ingestion: Ingestion,
    private readonly clock: Clock,
    private readonly permits: KeyPermits = () => true,
  ) {}

  async execute({ quarantineId, fixed, by }: ReleaseQuarantined): Promise<Closing> {
    const record = await this.quarantine.record(quarantineId);
    if (record === null) return { outcome: 'unknown' };
    const { quarantined, event } = record;
    if (quarantined.status === 'released' || quarantined.status === 'replaced')
      return { outcome: 'closed', quarantined };
    if (quarantined.status === 'discarded') return { outcome: 'conflict', quarantined };
    let document = fixed;
    if (fixed === undefined) {
      const body = await this.quarantine.open(record);
      if (body === null) return { outcome: 'erased' };
      if (quarantined.cut === true) return CUT;
      document = JSON.parse(body);
    }
    const { receivedAt } = JSON.parse(event.data) as QuarantinedData;
    const { arrivedAt = null, by: broughtBy = null, fact } = JSON.parse(event.meta) as QuarantinedMeta;
    const read = readDocument(document);
    const item: IngestItem = fact === true ? { ...read, isFact: true } : read;
    if (quarantined.claimedSource !== undefined && !(await this.mayPublish(broughtBy, item)))
      return { outcome: 'rejected', code: SOURCE_NOT_PERMITTED.code, errors: SOURCE_NOT_PERMITTED.issues };
    const admission = await this.ingestion.admit(item, receivedAt, arrivedAt, broughtBy);
    if (admission.outcome === 'rejected')
      return { outcome: 'rejected', code: admission.rejection.code, errors: admission.rejection.issues };
    if (admission.outcome === 'suppressed') return { outcome: 'erased' };
    const { source, id, position } = admission;
    const data = { source, eventId: id, touchpointPosition: position, fixed: fixed !== undefined, by };
    return this.quarantine.close(quarantineId, 'event-released', data, this.clock.now());
  }

  /** Whether what brought the event may speak for its source by now. */
  private async mayPublish(by: string | null, { document }: IngestItem): Promise<boolean> {
    const source = nameIn(document, 'source');
    return by === null || source === null || (await this.permits(by, source));
  }
}

const CUT: Closing = {
  outcome: 'rejected',
  code: 'not-storable',
  errors: [{ pointer: '#', detail: 'was too large to be kept whole', hint: 'release it with a fixed event' }],
};
