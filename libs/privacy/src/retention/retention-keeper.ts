import { LOCKS, tryLock, type Database } from '#database';
import type { EventLog } from '#event-log';
import { Loop, type CheckResult, type ClockGuard, type Logger } from '#platform';
import type { EraseCustomerHandler } from '../erasure/erase-customer.js';
import type { HoldRegister } from '../holds/hold-register.js';
import type { PolicyInForce } from '../openings/policy-in-force.js';
import { byRule, DuePersons, dueText, type DuePerson, type Waiting } from './due-persons.js';

/** How often it is looked for customers whose grace is over. */
const TURN_MS = 60_000;
/** Customers of one turn: the lock is held no longer than they take. */
const BATCH = 50;

export interface RetentionDependencies {
  readonly database: Database;
  readonly log: EventLog;
  readonly eraser: Pick<EraseCustomerHandler, 'eraseByRule'>;
  readonly register: HoldRegister;
  readonly policy: Pick<PolicyInForce, 'era'>;
  readonly clock: Pick<ClockGuard, 'now' | 'report' | 'mayPublish'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** What a turn did. */
export interface RetentionTurn {
  readonly erased: number;
  /** Customers whose grace is over and who were left, by why. */
  readonly waiting: Readonly<Partial<Record<Waiting, number>>>;
  /** Why nothing was looked at; null where it was. */
  readonly stopped: 'clock' | 'no-rule' | 'read-models' | 'other-process' | null;
}

const stopped = (why: Exclude<RetentionTurn['stopped'], null>): RetentionTurn => ({
  ...{ erased: 0, waiting: {}, stopped: why },
});

/**
 * Erases customers whose grace is over, by the ordinary erasure: one process at a time, every minute, while the clock and the read models can be relied on.
 * Twice is the same as once: a customer whose erasure was interrupted is due still, and the erasure completes itself.
 */
export class RetentionKeeper {
  private readonly loop: Loop;
  private readonly due: DuePersons;
  /** Where the last turn ended, so that customers who wait do not keep the others waiting. */
  private after: DuePerson | null = null;
  private stoppedBy: RetentionTurn['stopped'] = null;

  constructor(private readonly dependencies: RetentionDependencies) {
    const { database, log, logger } = dependencies;
    this.due = new DuePersons(database, log);
    this.loop = new Loop(
      async (signal) => {
        try {
          this.stoppedBy = (await this.turn(signal)).stopped;
        } catch (error) {
          logger.warn({ err: error }, 'the rules of retention were not carried out: the next attempt is in a minute');
        }
        return this.after === null ? TURN_MS : 0;
      },
      { keepsProcessAlive: false },
    );
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** The clock has a check of its own; what holds the rules up for long is a rebuild that was interrupted. */
  health(): CheckResult {
    if (this.stoppedBy !== 'read-models') return { ok: true };
    const detail =
      'No one is erased by the rules of retention while a version of the read models is built: perennial rebuild completes one that was interrupted.';
    return { ok: false, required: false, detail };
  }

  /** Erases up to `BATCH` customers whose grace is over. */
  async turn(signal?: AbortSignal): Promise<RetentionTurn> {
    const { clock, database, policy } = this.dependencies;
    const from = this.after;
    this.after = null;
    if (!clock.mayPublish || clock.report().state !== 'right') return stopped('clock');
    if ((await policy.era()).personRules.length === 0) return stopped('no-rule');
    const schema = await this.due.schema();
    if (schema === null) return stopped('read-models');
    // The read models in the data folder belong to this process alone, and one transaction would keep every other query waiting.
    if (database.kind === 'pglite') return this.eraseDue(schema, from, signal);
    return database.transaction(async (tx) => {
      const [lock] = await tx.query<{ acquired: boolean }>(`SELECT ${tryLock(LOCKS.retention)} AS acquired`);
      return lock?.acquired === true ? this.eraseDue(schema, from, signal) : stopped('other-process');
    });
  }

  private async eraseDue(schema: string, from: DuePerson | null, signal?: AbortSignal): Promise<RetentionTurn> {
    const { clock } = this.dependencies;
    const waiting: Partial<Record<Waiting, number>> = {};
    let erased = 0;
    const persons = await this.due.page(schema, clock.now(), from, BATCH);
    for (const person of persons) {
      if (signal?.aborted === true || !clock.mayPublish) return { erased, waiting, stopped: null };
      const reason = await this.eraseOne(schema, person);
      if (reason === null) erased += 1;
      else waiting[reason] = (waiting[reason] ?? 0) + 1;
    }
    if (persons.length === BATCH) this.after = persons.at(-1) ?? null;
    return { erased, waiting, stopped: null };
  }

  private async eraseOne(schema: string, person: DuePerson): Promise<Waiting | null> {
    const { eraser, register, policy, clock, logger } = this.dependencies;
    const { customerId, retention } = person;
    const reason = await eraser.eraseByRule(customerId, byRule(retention), async (subjectIds) => {
      const { holds } = await register.load();
      const era = await policy.era();
      return this.due.reasonToWait(schema, person, subjectIds, {
        ...{ now: clock.now(), era, holds: [...holds.values()] },
      });
    });
    if (reason === null)
      logger.info({ customerId, ...dueText(retention) }, `a person was erased by ${byRule(retention)}`);
    return reason;
  }
}
