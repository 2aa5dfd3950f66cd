import type { OutcomeCounts, ItemResult, IngestResult } from '../pipeline/item.js';
import { foreignIn } from './ingest-answer.js';
import { BatchWarnings } from '../pipeline/warnings.js';
import type { IngestResultView } from './views.js';

/**
 * The result of a stream of any length: its counts are whole, its results are listed up to a bound. Events that were not
 * accepted come first; accepted ones are only listed on request, while there is room.
 */
export class StreamResult {
  private readonly counts: OutcomeCounts = { received: 0, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };
  private readonly exceptions: ItemResult[] = [];
  private readonly accepted: ItemResult[] = [];
  private readonly warnings = new BatchWarnings();
  private cut = false;
  private foreign = 0;

  constructor(
    private readonly withAccepted: boolean,
    private readonly listedMax: number,
  ) {}

  /** Adds the next chunk of the stream. */
  add(result: Omit<IngestResult, 'concealed'>): void {
    const before = this.counts.received;
    this.warnings.merge(result.warnings, before);
    this.foreign += foreignIn(result.exceptions);
    for (const name of Object.keys(this.counts) as (keyof OutcomeCounts)[]) this.counts[name] += result.counts[name];
    this.list(this.exceptions, result.exceptions, before);
    if (!this.withAccepted || result.counts.accepted === 0) return;
    if (this.accepted.length >= this.listedMax) this.cut = true;
    else
      this.list(
        this.accepted,
        result.results.filter(({ outcome }) => outcome === 'accepted'),
        before,
      );
  }

  /** Whether there were events, and each of them names a source that its publisher may not speak for. */
  get isForeign(): boolean {
    return this.counts.received > 0 && this.foreign === this.counts.received;
  }

  get view(): IngestResultView {
    const room = this.listedMax - this.exceptions.length;
    const results = [...this.exceptions, ...this.accepted.slice(0, room)].sort((a, b) => a.index - b.index);
    const cut = this.cut || this.accepted.length > room;
    const { all: warnings } = this.warnings;
    return {
      ...this.counts,
      ...(warnings.length === 0 ? {} : { warnings }),
      results,
      ...(cut ? { resultsCut: true as const } : {}),
    };
  }

  private list(listed: ItemResult[], results: readonly ItemResult[], before: number): void {
    for (const result of results) {
      if (listed.length < this.listedMax) listed.push({ ...result, index: before + result.index });
      else this.cut = true;
    }
  }
}
