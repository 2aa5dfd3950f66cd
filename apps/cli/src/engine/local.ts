import { join } from 'node:path';
import { EventLogError, lockDataFolder, openSqliteLog } from '#event-log';
import { importedItem, Intake, type ImportItem, type ItemFate } from '#intake';
import { openKeyStoreOf, Sealer, type Clock } from '#platform';
import { openDatabase, Projector } from '#projections';
import { ask, personalData, QuestionRefused, type Answer, type AskContext, type RawParams } from '#queries';
import { CliError, EXIT, unreachable, usage } from '../exit-codes.js';
import type { ProgressStream } from '../terminal/progress.js';
import { businessZone } from './business-zone.js';
import type { Engine, Erasure, OnWork, Rebuilt, Verified } from './engine.js';

type Document = Readonly<Record<string, unknown>>;

const POLL_MS = 250;

/** The parts of an engine, opened here: what `npm start` has in its process, without HTTP. */
interface Parts {
  readonly context: AskContext;
  readonly intake: Intake;
  readonly projector: Projector;
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Opens a data folder whose engine is stopped, and owns it until `close`. */
export async function openLocalEngine(dataDir: string, clock: Clock, _stderr: ProgressStream): Promise<Engine> {
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const lock = lockDataFolder(dataDir);
    closing.push(() => lock.release());
    const keys = openKeyStoreOf(dataDir);
    closing.push(() => keys.close());
    const log = await openSqliteLog({ file: join(dataDir, 'log.db'), clock });
    closing.push(() => log.close());
    const sealer = new Sealer(keys);
    const database = await openDatabase({ kind: 'pglite', folder: join(dataDir, 'readmodels') });
    closing.push(() => database.close());
    const projector = await Projector.open({ database, log, clock });
    const context = { database, log, clock, personalData: personalData(sealer), mayReadPersonal: true };
    return new LocalEngine(`the folder ${dataDir}`, {
      context,
      projector,
      clock,
      close,
      intake: new Intake({ log, sealer }),
    });
  } catch (error) {
    await close();
    if (error instanceof EventLogError && error.code === 'locked') throw unreachable(error.message, { cause: error });
    throw error;
  }
}

class LocalEngine implements Engine {
  /** Whether the read models were brought up to the log and the clock since they were last left behind. */
  private current = false;

  constructor(
    readonly place: string,
    private readonly parts: Parts,
  ) {}

  async ask(question: string, params: RawParams): Promise<Answer> {
    if (!this.current) await this.catchUp(() => undefined);
    return this.answer(question, params);
  }

  timeZone(): Promise<string> {
    // The policies are read from the log: the read models need not have caught up.
    return businessZone({ ask: (question, params) => this.answer(question, params) });
  }

  async take(items: readonly ImportItem[]): Promise<readonly ItemFate[]> {
    this.current = false;
    const { results } = await this.parts.intake.take(items.map(importedItem), { receivedAt: this.parts.clock.now() });
    return results.map(({ fate, code }) => (code === undefined ? { fate } : { fate, code }));
  }

  async catchUp(onWork: OnWork): Promise<void> {
    const { projector } = this.parts;
    let total = 0;
    let busy = true;
    const look = async (): Promise<void> => {
      while (busy) {
        const { lag, dirty } = await projector.status();
        total = Math.max(total, lag + dirty);
        const step = lag > 0 ? 'reading the log' : 'folding customers';
        if (total > 0) onWork({ step, done: total - lag - dirty, total, unit: lag > 0 ? 'events' : 'customers' });
        await new Promise((wake) => setTimeout(wake, POLL_MS));
      }
    };
    const looking = look().catch(() => undefined);
    try {
      await projector.catchUp();
      this.current = true;
    } finally {
      busy = false;
      await looking;
    }
  }

  rebuild(_onWork: OnWork): Promise<Rebuilt> {
    throw new Error('unreachable');
  }

  verify(_onWork: OnWork): Promise<Verified> {
    throw new Error('unreachable');
  }

  erase(_erasure: Erasure): Promise<Document> {
    throw new Error('unreachable');
  }

  publishPolicy(_policy: unknown, _effectiveFrom: string | null): Promise<Document> {
    throw new Error('unreachable');
  }

  quarantined(_quarantineId: string): Promise<Document> {
    throw new Error('unreachable');
  }

  release(_quarantineId: string, _mended: unknown): Promise<Document> {
    throw new Error('unreachable');
  }

  discard(_quarantineId: string, _reason: string): Promise<Document> {
    throw new Error('unreachable');
  }

  steps(): Readonly<Record<string, number>> {
    return {};
  }

  close(): Promise<void> {
    return this.parts.close();
  }

  private async answer(question: string, params: RawParams): Promise<Answer> {
    try {
      return await ask(this.parts.context, question, params);
    } catch (error) {
      if (!(error instanceof QuestionRefused)) throw error;
      const faults = error.faults.map(({ path, reason, mend }) => `\n  ${path}: ${reason}. ${mend}`).join('');
      if (error.code === 'unknown-customer') throw new CliError(EXIT.refused, `There is no such customer:${faults}`);
      throw usage(`The question cannot be answered as it was put:${faults}`);
    }
  }
}
