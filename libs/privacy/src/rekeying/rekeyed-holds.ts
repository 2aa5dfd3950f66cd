import type { MovedEvent } from '#event-log';
import { plainContentHash } from '#ingestion';
import { derivedSubjectId, KeyedHash, Sealer, type KeyState, type RekeyableKeyStore } from '#keys';
import { erasureIdOf } from '../erasure/person-erased.js';
import {
  HOLD_FACT_IDS,
  reasonKeyName,
  type ErasureRequested,
  type HoldMeta,
  type HoldPlaced,
} from '../holds/hold-facts.js';

import {
  RESTRICTION_FACT_IDS,
  type RestrictionLifted,
  type RestrictionPlaced,
} from '../restrictions/restriction-facts.js';

import {
  SUPPRESSION_FACT_IDS,
  type SuppressionAdded,
  type SuppressionLifted,
} from '../suppressions/suppression-facts.js';

type HoldFact =
  | 'hold-placed'
  | 'hold-lifted'
  | 'erasure-requested'
  | 'restriction-placed'
  | 'restriction-lifted'
  | 'suppression-added'
  | 'suppression-lifted';

const HOLD_FACTS: readonly HoldFact[] = [
  'hold-placed',
  'hold-lifted',
  'erasure-requested',
  'restriction-placed',
  'restriction-lifted',
  'suppression-added',
  'suppression-lifted',
];

/** Whether an event says something about legal holds, restrictions of processing, or the suppression list. */
export const isHoldFact = (type: string): type is HoldFact => HOLD_FACTS.some((known) => known === type);

/** In place of a reason that cannot be opened any more. */
const NOTHING_SEALED = '1.';

/** Maps the facts about legal holds to another hash key: the identifiers beside them tell the new ids of the subjects. */
export class RekeyedHolds {
  private readonly from: Sealer;
  private readonly to: Sealer;
  private readonly newHash: KeyedHash;
  /** The new subjects of each hold and restriction, by its old id. */
  private readonly subjects = new Map<string, readonly string[]>();

  constructor(
    private readonly oldKeys: RekeyableKeyStore,
    private readonly newKeys: RekeyableKeyStore,
  ) {
    this.from = new Sealer(oldKeys);
    this.to = new Sealer(newKeys);
    this.newHash = new KeyedHash(newKeys.hashKey);
  }

  /** The event under the new hash key. `quarantineId`: the new id of a quarantined event. */
  async map(event: MovedEvent, quarantineId: (before: string) => string): Promise<MovedEvent> {
    const meta = JSON.parse(event.meta) as HoldMeta;
    if (event.type === 'hold-lifted') {
      const { holdId } = JSON.parse(event.data) as { readonly holdId: string };
      const data = { holdId: this.renamed(holdId) };
      const sealed = await this.reason(meta, { before: holdId, after: data.holdId, what: 'lifted' });
      return { ...event, ...factOf(HOLD_FACT_IDS.lifted(data.holdId), data, { by: meta.by, ...sealed }) };
    }
    const { ids, identifiers } = await this.names(meta);
    const idOf = (before: string): string => ids.get(before) ?? this.renamed(before);
    if (event.type === 'restriction-lifted') return this.restrictionLifted(event, meta);
    if (event.type === 'suppression-added') {
      const before = JSON.parse(event.data) as SuppressionAdded;
      const suppressionId = this.renamed(before.suppressionId);
      const subjectId = idOf(before.subjectId);
      this.subjects.set(before.suppressionId, [subjectId]);
      const id = SUPPRESSION_FACT_IDS.added(suppressionId);
      return { ...event, ...factOf(id, { ...before, suppressionId, subjectId }, { by: meta.by, identifiers }) };
    }
    if (event.type === 'suppression-lifted') {
      const before = JSON.parse(event.data) as SuppressionLifted;
      const suppressionId = this.renamed(before.suppressionId);
      const subjectId = this.subjects.get(before.suppressionId)?.[0] ?? this.renamed(before.subjectId);
      const id = SUPPRESSION_FACT_IDS.lifted(suppressionId);
      return { ...event, ...factOf(id, { suppressionId, subjectId }, { by: meta.by }) };
    }
    if (event.type === 'restriction-placed') {
      const before = JSON.parse(event.data) as RestrictionPlaced;
      const subjectIds = before.subjectIds.map(idOf).sort();
      this.subjects.set(before.restrictionId, subjectIds);
      const data: RestrictionPlaced = {
        ...before,
        ...{ restrictionId: this.renamed(before.restrictionId), subjectIds },
        quarantineIds: before.quarantineIds.map(quarantineId).sort(),
        customerId: before.customerId === null ? null : idOf(before.customerId),
      };
      const id = RESTRICTION_FACT_IDS.placed(data.restrictionId);
      return { ...event, ...factOf(id, data, { by: meta.by, identifiers }) };
    }
    if (event.type === 'erasure-requested') {
      const before = JSON.parse(event.data) as ErasureRequested;
      const subjectIds = before.subjectIds.map(idOf).sort();
      const customerId = before.customerId === null ? null : idOf(before.customerId);
      const data: ErasureRequested = { ...before, erasureId: erasureIdOf(subjectIds), subjectIds, customerId };
      return { ...event, ...factOf(HOLD_FACT_IDS.requested(data.erasureId), data, { by: meta.by, identifiers }) };
    }
    const before = JSON.parse(event.data) as HoldPlaced;
    const holdId = this.renamed(before.holdId);
    const subjectIds = before.subjectIds.map(idOf).sort();
    this.subjects.set(before.holdId, subjectIds);
    const data: HoldPlaced = {
      ...before,
      ...{ holdId, subjectIds, quarantineIds: before.quarantineIds.map(quarantineId).sort() },
      customerId: before.customerId === null ? null : idOf(before.customerId),
    };
    const sealed = await this.reason(meta, { before: before.holdId, after: holdId, what: 'placed' });
    return { ...event, ...factOf(HOLD_FACT_IDS.placed(holdId), data, { by: meta.by, identifiers, ...sealed }) };
  }

  /** It names the subjects that its restriction named. */
  private restrictionLifted(event: MovedEvent, { by }: HoldMeta): MovedEvent {
    const before = JSON.parse(event.data) as RestrictionLifted;
    const restrictionId = this.renamed(before.restrictionId);
    const subjectIds =
      this.subjects.get(before.restrictionId) ?? before.subjectIds.map((id) => this.renamed(id)).sort();
    const data: RestrictionLifted = { restrictionId, subjectIds };
    return { ...event, ...factOf(RESTRICTION_FACT_IDS.lifted(restrictionId), data, { by }) };
  }

  private renamed(before: string): string {
    return derivedSubjectId(this.newHash, before);
  }

  /** The new ids of the subjects that are still alive, and their identifiers sealed again. */
  private async names({ identifiers = [] }: HoldMeta): Promise<{
    readonly ids: ReadonlyMap<string, string>;
    readonly identifiers: NonNullable<HoldMeta['identifiers']>;
  }> {
    const oldKeys = await this.oldKeys.keysFor(identifiers.map(({ subjectId }) => subjectId));
    const open = identifiers.flatMap((name) => {
      const key = oldKeys.get(name.subjectId);
      if (!isKey(key)) return [];
      const value = this.from.open(key, name.sealed);
      return [{ ...name, value, id: this.to.subjectIdOf(name.namespace, value) }];
    });
    const newKeys = await this.newKeys.keysFor(
      open.map(({ id }) => id),
      { create: true },
    );
    const ids = new Map(open.map(({ subjectId, id }) => [subjectId, id]));
    const sealed = open.flatMap(({ namespace, value, id, sealed: before }) => {
      const key = newKeys.get(id);
      return isKey(key) ? [{ namespace, subjectId: id, sealed: this.to.reseal(key, value, before) }] : [];
    });
    return { ids, identifiers: sealed };
  }

  private async reason(
    { sealed }: HoldMeta,
    { before, after, what }: { readonly before: string; readonly after: string; readonly what: 'placed' | 'lifted' },
  ): Promise<{ readonly sealed?: string }> {
    if (sealed === undefined) return {};
    const id = this.from.keyedId(reasonKeyName(before, what));
    const key = (await this.oldKeys.keysFor([id])).get(id);
    if (!isKey(key)) return { sealed: NOTHING_SEALED };
    const states = await this.newKeys.keysFor(this.subjects.get(before) ?? []);
    const listedUnder = (this.subjects.get(before) ?? []).filter((subjectId) => states.get(subjectId) !== 'erased');
    const [newKey] = await this.newKeys.createListed([
      { id: this.to.keyedId(reasonKeyName(after, what)), listedUnder },
    ]);
    if (!isKey(newKey)) return { sealed: NOTHING_SEALED };
    return { sealed: this.to.reseal(newKey, this.from.open(key, sealed), sealed) };
  }
}

const isKey = (state: KeyState | undefined): state is Exclude<KeyState, 'erased'> =>
  state !== undefined && state !== 'erased';

const factOf = (
  id: string,
  data: object,
  meta: HoldMeta,
): Pick<MovedEvent, 'id' | 'contentHash' | 'data' | 'meta'> => ({
  id,
  contentHash: plainContentHash(data),
  data: JSON.stringify(data),
  meta: JSON.stringify(meta),
});
