import { insertRows, type Row, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import { CUSTOM_TYPES, POLICIES } from './table.js';

interface PolicyData {
  readonly version: string;
  readonly policy: Record<string, unknown>;
  readonly effectiveFrom: string | null;
}

/** Stores published policies. The same facts again change nothing. */
export async function recordPolicies(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  await insertRows(writes, POLICIES, events.map(policyRow), 'DO NOTHING');
}

/** Stores the touchpoint types that the business registered. The same facts again change nothing. */
export async function recordTypes(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  await insertRows(writes, CUSTOM_TYPES, events.map(typeRow), 'DO NOTHING');
}

/** The row of a `policy-published`. */
export function policyRow(event: RecordedEvent): Row {
  const data = JSON.parse(event.data) as PolicyData;
  return {
    position: event.position,
    version: data.version,
    policy: data.policy,
    effective_from: data.effectiveFrom === null ? null : Date.parse(data.effectiveFrom),
    recorded_at: event.recordedAt,
  };
}

/** The row of a `type-registered`. */
export function typeRow(event: RecordedEvent): Row {
  const definition = JSON.parse(event.data) as { readonly name?: string };
  return { position: event.position, type: definition.name ?? '', definition, recorded_at: event.recordedAt };
}
