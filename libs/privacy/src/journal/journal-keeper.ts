import type { EventLog } from '#event-log';
import type { KeyStore } from '#keys';
import type { CheckResult } from '#platform';
import type { ErasureJournal, JournaledErasure } from './erasure-journal.js';
import { reconcileJournal, reconciliationText } from './reconcile.js';

interface StartLogger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/** The journal of a running process: applied once before anything is served, and then appended to. */
export class JournalKeeper {
  private failure: string | null = null;

  constructor(
    /** Null where the settings name none. */
    private readonly journal: ErasureJournal | null,
    private readonly log: Pick<EventLog, 'appendMany' | 'find' | 'read'>,
    private readonly keys: KeyStore,
    private readonly logger: StartLogger,
  ) {}

  /** What erasures are recorded in; null where there is no journal. */
  get recording(): ErasureJournal | null {
    const { journal } = this;
    if (journal === null) return null;
    return {
      place: journal.place,
      append: (erasure: JournaledErasure) => this.append(journal, erasure),
      readAll: () => journal.readAll(),
      close: () => journal.close(),
    };
  }

  /** Applies the journal: see `reconcileJournal`. @throws JournalError where it cannot be read: then nothing may be served */
  async reconcile(): Promise<void> {
    if (this.journal === null) return;
    const reconciled = await reconcileJournal(this.journal, this.log, this.keys);
    const text = reconciliationText(reconciled);
    const facts = { ...reconciled };
    if (text === null) this.logger.info(facts, 'the erasure journal agrees with the log and the keys');
    else this.logger.warn(facts, `the erasure journal: ${text}`);
  }

  /** Not required: without the journal no erasure is acknowledged, and everything else goes on. */
  health(): CheckResult {
    if (this.failure !== null) return { ok: false, detail: this.failure, required: false };
    return { ok: true, detail: this.journal?.place ?? 'off' };
  }

  async close(): Promise<void> {
    await this.journal?.close();
  }

  private async append(journal: ErasureJournal, erasure: JournaledErasure): Promise<void> {
    try {
      await journal.append(erasure);
      this.failure = null;
    } catch (error) {
      this.failure = (error as Error).message;
      throw error;
    }
  }
}
