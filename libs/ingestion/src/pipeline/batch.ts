import type { Instant } from '#contracts';
import type { OutcomeCounts, IngestItem, ItemResult, IngestResult } from './item.js';
import type { ValidTouchpoint } from './sealed-event.js';

/** A batch on its way: what each event came to so far. Most are touchpoints that the log accepts; the others are told by name. */
export class IngestBatch implements IngestResult {
  readonly counts: OutcomeCounts;
  /** The events that passed every step, by their place; null for the others. */
  readonly valid: (ValidTouchpoint | null)[] = [];
  private readonly positions: Float64Array;
  private readonly others: (ItemResult | undefined)[] = [];

  constructor(
    readonly items: readonly IngestItem[],
    readonly receivedAt: Instant,
  ) {
    this.counts = { received: items.length, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };
    this.positions = new Float64Array(items.length);
  }

  accept(index: number, position: number): void {
    this.positions[index] = position;
    this.counts.accepted += 1;
  }

  tell(result: ItemResult): void {
    this.others[result.index] = result;
    this.counts[result.outcome] += 1;
  }

  get results(): readonly ItemResult[] {
    return this.items.map((_, index) => this.others[index] ?? this.accepted(index));
  }

  get exceptions(): readonly ItemResult[] {
    return this.others.filter((result) => result !== undefined);
  }

  private accepted(index: number): ItemResult {
    const envelope = this.valid[index]?.envelope;
    const { source = null, id = null } = envelope ?? {};
    return { index, source, id, outcome: 'accepted', position: this.positions[index] ?? 0 };
  }
}
