import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notifier, ChannelProducer, Channels, Clock } from '#platform';
import type { Database } from '#database';
import type { Feed } from '../feed.js';
import { OUTPUTS } from '../outputs.js';
import type { Said } from '../published.js';
import type { Source } from '../source.js';
import { carried } from './cloud-event.js';
import type { Round } from './round.js';

/** What other processes say is looked for this often; what is said in this one rings, and is looked for in case that it did not. */
const IDLE_MS = 100;
const IDLE_MS_RUNG = 1_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

export interface RelayObserver {
  carried?(messages: number): void;
  failed?(error: unknown, waitMs: number): void;
}

export interface RelayDependencies {
  readonly database: Database;
  readonly channels: Channels;
  readonly clock: Clock;
  /** Rung in this process when something was said. */
  readonly said?: Notifier;
  readonly outputs?: readonly Feed[];
  readonly watch?: RelayObserver;
}

/**
 * Carries what was said of customers out to the channels, as long as it runs: each customer's in its order, at least once. Any number may run
 * against one database. Where the broker or the database cannot be reached it waits, and goes on where it stood.
 */
export class Relay {
  /** Why nothing is carried at present; null while all is well. */
  failure: string | null = null;
  private readonly producer: ChannelProducer;
  private readonly outputs: readonly Feed[];
  private readonly stopping = new AbortController();
  private running: Promise<void> | null = null;
  private topicsAreThere = false;
  /** Each begins somewhere: so those who begin again and again, or side by side, do not all begin with the same customers. */
  private readonly rounds = new Map<Source, Round>();
  /** Those that told something at last: they are not asked whether there is more, which would wait behind whoever has the connection. */
  private readonly telling = new Set<Source>();
  private woken = new AbortController();

  constructor(private readonly parts: RelayDependencies) {
    this.outputs = parts.outputs ?? OUTPUTS;
    for (const { from } of this.outputs) this.rounds.set(from, { after: randomBytes(16).toString('hex') });
    this.producer = parts.channels.producer();
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Looks at once, instead of a moment later. */
  wake(): void {
    this.woken.abort();
  }

  /** Ends what is being carried, and stops. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
    await this.producer.close();
  }

  /** Carries one batch; returns how many things were told. */
  async carry(): Promise<number> {
    const { channels } = this.parts;
    if (!this.topicsAreThere) {
      await channels.ensureTopics(this.outputs.map(({ name, plan }) => ({ topic: name, ...plan })));
      this.topicsAreThere = true;
    }
    const waiting = this.waitingAmong([...this.rounds.keys()].filter((source) => !this.telling.has(source)));
    // Side by side: what one cannot tell, or tells slowly, holds nobody else up.
    const outcomes = await Promise.allSettled(
      [...this.rounds].map(async ([source, round]) => {
        if (!this.telling.has(source) && !(await waiting).has(source)) return 0;
        const told = await this.carryFrom(source, round).catch((error: unknown) => {
          this.telling.delete(source);
          throw error;
        });
        if (told > 0) this.telling.add(source);
        else this.telling.delete(source);
        return told;
      }),
    );
    let told = 0;
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') throw outcome.reason;
      told += outcome.value;
    }
    return told;
  }

  /** Those that have something to tell: one question, so that an idle relay costs the database next to nothing. */
  private async waitingAmong(sources: readonly Source[]): Promise<ReadonlySet<Source>> {
    if (sources.length === 0) return new Set();
    const [waiting] = await this.parts.database.query<Record<string, boolean>>(
      `SELECT ${sources.map((source, at) => `${source.waiting} AS source_${at}`).join(', ')}`,
    );
    return new Set(sources.filter((_, at) => waiting?.[`source_${at}`] === true));
  }

  private carryFrom(source: Source, round: Round): Promise<number> {
    const { database, clock, watch } = this.parts;
    const feeds = this.outputs.filter(({ from }) => from === source);
    const tell = async (said: readonly Said[]) => {
      const messages = said.flatMap((each) =>
        feeds.map((feed) => carried(feed, each)).filter((message) => message !== null),
      );
      await this.producer.send(messages);
      watch?.carried?.(messages.length);
    };
    return source.carry(database, tell, () => clock.now(), round);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const { said, database } = this.parts;
    // Only what is this process's own has nobody else who says anything in it.
    const idleMs = said !== undefined && database.kind === 'pglite' ? IDLE_MS_RUNG : IDLE_MS;
    const silence = said?.listen(() => this.wake());
    let waitMs = FIRST_WAIT_MS;
    while (!signal.aborted) {
      // A ring while it looks is not missed; nor a stop.
      this.woken = new AbortController();
      try {
        const told = await this.carry();
        this.failure = null;
        waitMs = FIRST_WAIT_MS;
        if (told === 0) await sleep(idleMs, undefined, { signal: this.woken.signal }).catch(() => undefined);
      } catch (error) {
        this.failure = error instanceof Error ? error.message : String(error);
        this.parts.watch?.failed?.(error, waitMs);
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      }
    }
    silence?.();
  }
}
