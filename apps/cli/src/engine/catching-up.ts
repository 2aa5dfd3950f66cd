import type { AnswerRow } from '#queries';
import type { JobProgress } from './engine.js';

/**
 * Waits for the read models of a running engine to hold everything that was in the log when the waiting began. What other clients
 * write in the meantime is not waited for, nor is a customer whose first event is still to come.
 */
export class CatchingUp {
  /** The head of the log when the waiting began. */
  private upTo: number | null = null;
  /** When the last customer of an event up to that head was marked dirty; null before all of these events are indexed. */
  private marked: string | null = null;
  private total = 0;

  /** How far the engine has come, by an answer of the query `lag`; null where there is nothing to wait for any more. */
  progress(rows: readonly AnswerRow[]): JobProgress | null {
    const figures = new Map(rows.map((row) => [row['figure'], row]));
    const value = (figure: string): number => Number(figures.get(figure)?.['value'] ?? 0);
    const instant = (figure: string): string | null => {
      const at = figures.get(figure)?.['at'];
      return typeof at === 'string' ? at : null;
    };
    this.upTo ??= value('log_head_position');
    const behind = Math.max(0, this.upTo - value('read_models_position'));
    const dirty = value('dirty');
    if (behind === 0) {
      this.marked ??= instant('dirty_newest');
      const oldest = instant('dirty');
      if (dirty === 0 || this.marked === null || (oldest !== null && Date.parse(oldest) > Date.parse(this.marked)))
        return null;
    }
    const open = behind + dirty;
    this.total = Math.max(this.total, open);
    // The positions of some logs count bytes: then the number of events that are left is not known.
    const unit = figures.get('lag_events')?.['value'] === null ? 'bytes and customers' : 'events and customers';
    return { step: 'catching up', done: this.total - open, total: this.total, unit };
  }
}
