import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelProducer, Channels, Clock } from '#platform';
import type { Database } from '#projections';
import type { Feed } from '../feed.js';
import { OUTPUTS } from '../outputs.js';
import type { Said } from '../said.js';
import type { Source } from '../source.js';
import { carried } from './cloud-event.js';
import { forgetSent } from './changes.js';

const IDLE_MS = 100;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const HOUR_MS = 3_600_000;
const REMEMBERED_MS = 7 * 24 * HOUR_MS;

export interface FeederWatch {
  carried?(messages: number): void;
  failed?(error: unknown, waitMs: number): void;
}

export interface FeederParts {
  readonly database: Database;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly outputs?: readonly Feed[];
  readonly watch?: FeederWatch;
}

/**
 * Carries what was said of customers out to the channels, as long as it runs: each customer's in its order, at least once. Any number may run
 * against one database. Where the broker or the database cannot be reached it waits, and goes on where it stood.
 */
export class Feeder {
  /** Why nothing is carried at present; null while all is well. */
  failure: string | null = null;
  private readonly producer: ChannelProducer;
  private readonly outputs: readonly Feed[];
  private readonly stopping = new AbortController();
  private running: Promise<void> | null = null;
  private topicsAreThere = false;
  private forgotAt = 0;

  constructor(private readonly parts: FeederParts) {
    this.outputs = parts.outputs ?? OUTPUTS;
    this.producer = parts.channels.producer();
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Ends what is being carried, and stops. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.producer.close();
  }

  /** Carries one helping; returns how many things were told. */
  async carry(): Promise<number> {
    const { database, channels, clock } = this.parts;
    if (!this.topicsAreThere) {
      await channels.ensureTopics(this.outputs.map(({ name, plan }) => ({ topic: name, ...plan })));
      this.topicsAreThere = true;
    }
    let told = 0;
    const failures: unknown[] = [];
    for (const source of new Set(this.outputs.map(({ from }) => from))) {
      // What one cannot tell holds nobody else up.
      await this.carryFrom(source).then(
        (much) => (told += much),
        (error: unknown) => failures.push(error),
      );
    }
    if (clock.now() - this.forgotAt > HOUR_MS) {
      this.forgotAt = clock.now();
      await forgetSent(database, this.forgotAt - REMEMBERED_MS);
    }
    if (failures.length > 0) throw failures[0];
    return told;
  }

  private carryFrom(source: Source): Promise<number> {
    const { database, clock, watch } = this.parts;
    const feeds = this.outputs.filter(({ from }) => from === source);
    const tell = async (said: readonly Said[]) => {
      const messages = said.flatMap((each) =>
        feeds.map((feed) => carried(feed, each)).filter((message) => message !== null),
      );
      await this.producer.send(messages);
      watch?.carried?.(messages.length);
    };
    return source.carry(database, tell, () => clock.now());
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let waitMs = FIRST_WAIT_MS;
    while (!signal.aborted) {
      try {
        const told = await this.carry();
        this.failure = null;
        waitMs = FIRST_WAIT_MS;
        if (told === 0) await sleep(IDLE_MS, undefined, { signal }).catch(() => undefined);
      } catch (error) {
        this.failure = error instanceof Error ? error.message : String(error);
        this.parts.watch?.failed?.(error, waitMs);
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      }
    }
  }
}
