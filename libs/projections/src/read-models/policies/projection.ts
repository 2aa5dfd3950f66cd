import type { RecordedEvent } from '#event-log';
import type { Row } from '#database';
import { insertRows } from '#database';
import type { Writer } from '#database';
import { CUSTOM_TYPES, POLICIES } from './table.js';

interface PolicyData {
  readonly version: string;
  readonly policy: Record<string, unknown>;
  readonly effectiveFrom: string | null;
}

/** Writes down published policies. */
export async function recordPolicies(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  const rows = events.map((event): Row => {
    const data = JSON.parse(event.data) as PolicyData;
    return {
      position: event.position,
      version: data.version,
      policy: data.policy,
      effective_from: data.effectiveFrom === null ? null : Date.parse(data.effectiveFrom),
      recorded_at: event.recordedAt,
    };
  });
  await insertRows(writes, POLICIES, rows, 'DO NOTHING');
}

/** Writes down the touchpoint types that the business registered. */
export async function recordTypes(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  const rows = events.map((event): Row => {
    const definition = JSON.parse(event.data) as { readonly name?: string };
    return { position: event.position, type: definition.name ?? '', definition, recorded_at: event.recordedAt };
  });
  await insertRows(writes, CUSTOM_TYPES, rows, 'DO NOTHING');
}
