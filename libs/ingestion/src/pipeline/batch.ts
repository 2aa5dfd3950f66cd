import type { Instant } from '#contracts';
import type { FateCounts, IntakeItem, ItemResult, Taken } from './item.js';
import type { Passed } from './sealed-event.js';

/** A batch on its way: what each event came to so far. Most are touchpoints that the log accepts; the others are told by name. */
export class Batch implements Taken {
  readonly counts: FateCounts;
  /** The events that passed every step, by their place; null for the others. */
  readonly passed: (Passed | null)[] = [];
  private readonly positions: Float64Array;
  private readonly others: (ItemResult | undefined)[] = [];

  constructor(
    readonly items: readonly IntakeItem[],
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
    this.counts[result.fate] += 1;
  }

  get results(): readonly ItemResult[] {
    return this.items.map((_, index) => this.others[index] ?? this.accepted(index));
  }

  get exceptions(): readonly ItemResult[] {
    return this.others.filter((result) => result !== undefined);
  }

  private accepted(index: number): ItemResult {
    const envelope = this.passed[index]?.envelope;
    const { source = null, id = null } = envelope ?? {};
    return { index, source, id, fate: 'accepted', position: this.positions[index] ?? 0 };
  }
}
