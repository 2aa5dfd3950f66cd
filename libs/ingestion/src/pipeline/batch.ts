import type { Instant } from '#contracts';
import type { OutcomeCounts, IngestItem, ItemResult, IngestResult } from './item.js';
import type { ValidTouchpoint } from './sealed-event.js';

/** A batch in the pipeline, with the outcomes so far. Most events are accepted: only the other outcomes are kept as objects. */
export class IngestBatch implements IngestResult {
  readonly counts: OutcomeCounts;
  /** The valid touchpoints, by the index of their item; null for rejected items. */
  readonly valid: (ValidTouchpoint | null)[] = [];
  private readonly positions: Float64Array;
  private readonly notAccepted: (ItemResult | undefined)[] = [];

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

  /** Records any outcome but `accepted`. */
  record(result: ItemResult): void {
    this.notAccepted[result.index] = result;
    this.counts[result.outcome] += 1;
  }

  get results(): readonly ItemResult[] {
    return this.items.map((_, index) => this.notAccepted[index] ?? this.accepted(index));
  }

  get exceptions(): readonly ItemResult[] {
    return this.notAccepted.filter((result) => result !== undefined);
  }

  private accepted(index: number): ItemResult {
    const envelope = this.valid[index]?.envelope;
    const { source = null, id = null } = envelope ?? {};
    return { index, source, id, outcome: 'accepted', position: this.positions[index] ?? 0 };
  }
}
