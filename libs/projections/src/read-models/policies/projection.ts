import { upcast, type Data } from '#contracts';
import { insertRows, unnest, type Row, type Transaction, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import type { PolicyTimeline } from '#lifecycle';
import { CUSTOM_TYPES, POLICIES } from './table.js';

interface PolicyData {
  readonly version: string;
  readonly policy: Record<string, unknown>;
  readonly effectiveFrom: string | null;
  readonly restates: boolean;
  readonly reason: string | null;
}

/** Stores published policies. The same facts again change nothing. When each holds is written by `noteWhenInForce`, once all are stored. */
export async function recordPolicies(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  await insertRows(writes, POLICIES, events.map(policyRow), 'DO NOTHING');
}

/** Writes from when and until when each policy holds, as a publication may have changed it for others too. */
export async function noteWhenInForce(tx: Transaction, { eras }: PolicyTimeline): Promise<void> {
  const rows = eras.map(({ version, from }, index) => ({
    version,
    in_force_from: from,
    in_force_until: eras[index + 1]?.from ?? Infinity,
  }));
  const source = unnest(POLICIES, ['version', 'in_force_from', 'in_force_until'], rows, 'e');
  await tx.query('UPDATE policies SET in_force_from = NULL, in_force_until = NULL WHERE in_force_from IS NOT NULL');
  await tx.query(
    `UPDATE policies p SET in_force_from = e.in_force_from, in_force_until = e.in_force_until
       FROM ${source.sql} WHERE p.version = e.version`,
    source.params,
  );
}

/** Stores the touchpoint types that the business registered. The same facts again change nothing. */
export async function recordTypes(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  await insertRows(writes, CUSTOM_TYPES, events.map(typeRow), 'DO NOTHING');
}

/** The row of a `policy-published`. */
export function policyRow(event: RecordedEvent): Row {
  const data = upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Data) as unknown as PolicyData;
  return {
    position: event.position,
    version: data.version,
    policy: data.policy,
    effective_from: data.effectiveFrom === null ? null : Date.parse(data.effectiveFrom),
    recorded_at: event.recordedAt,
    restates: data.restates,
    reason: data.reason,
    in_force_from: null,
    in_force_until: null,
  };
}

/** The row of a `type-registered`. */
export function typeRow(event: RecordedEvent): Row {
  const definition = JSON.parse(event.data) as { readonly name?: string };
  return { position: event.position, type: definition.name ?? '', definition, recorded_at: event.recordedAt };
}
