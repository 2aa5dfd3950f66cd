import type { ServerFaults } from './faults.js';
import type { ServerVersion } from './server-version.js';
import type { Stored, StoredLog } from './stored-log.js';
import * as wire from './wire.js';

/** Where a subscription's messages go. */
export interface Listener {
  readonly gone: AbortSignal;
  event(event: Stored): Promise<void>;
  send(response: ReturnType<typeof wire.checkpointResponse>): Promise<void>;
}

export interface SubscriptionOptions {
  readonly passes: (event: Stored) => boolean;
  /** Where it starts, exclusive; null for the beginning. */
  readonly after: bigint | null;
  /** Events that are looked at together. */
  readonly window: number;
  /** A checkpoint after so many windows; null where there is no filter, and so no checkpoint. */
  readonly checkpointEvery: number | null;
  /** As the server tells it. */
  readonly version: ServerVersion;
  /** Checkpoints that a test adds: asked after each event that was looked at. */
  readonly more: ServerFaults['checkpoints'];
}

/** What stands on the wire for a place before the log, which has no number there: 2^64 - 1. */
const NOWHERE: wire.Position = { commit: 0xffff_ffff_ffff_ffffn, prepare: 0xffff_ffff_ffff_ffffn };

/**
 * What a server sends a subscriber, once it has confirmed: page by page what is there, then what comes.
 *
 * From 24 on (Enumerator.AllSubscriptionFiltered) a checkpoint is the last event sent, or the beginning of the page looked at
 * last where that is later; one comes at every interval and one at the end of what is there; then `caughtUp`; live ones name
 * an event, not always one that was sent. Before 24 what is there ends without a checkpoint, and a subscription begins by
 * passing over the first event at or above its place, whichever that is; 22 does not report that it has caught up.
 *
 * Two faults of their time:
 * - Before 24.10.5 (KurrentDB 4892) the beginning of a page counts only at an interval, so a subscription from the beginning
 *   that met no event of its own and no interval ends what is there with a checkpoint of 2^64 - 1.
 * - In 25.0.0 (KurrentDB 4970) a page without events, as one follows a full page at the end, gives the end of the log as a
 *   checkpoint, with 0 as its second number: there the next event will stand.
 */
export class Subscription {
  #checkpoint: wire.Position | null = null;
  #told: wire.Position | null = null;
  #index: number;
  /** Events up to here were sent before, or are not wanted. */
  #after: bigint;

  constructor(
    private readonly log: StoredLog,
    private readonly listener: Listener,
    private readonly options: SubscriptionOptions,
  ) {
    const { after, version } = options;
    this.#after = after ?? -1n;
    if (after !== null && !version.isBefore(24)) this.#checkpoint = { commit: after, prepare: after };
    const first = after === null ? 0 : log.indexAt(after);
    this.#index = after !== null && version.isBefore(24) ? Math.min(first + 1, log.events.length) : first;
  }

  async run(): Promise<void> {
    const { log, listener, options } = this;
    let considered = await this.#catchUp();
    if (!options.version.isBefore(24)) considered = 0;
    if (!options.version.isBefore(23)) await listener.send(wire.caughtUpResponse());
    while (!listener.gone.aborted) {
      for (let event = log.events[this.#index]; event !== undefined; event = log.events[this.#index]) {
        this.#index += 1;
        considered += 1;
        if (event.position > this.#after && options.passes(event)) await listener.event(event);
        await this.#tellMore(event);
        if (considered < this.#interval) continue;
        considered = 0;
        await this.#tell({ commit: event.position, prepare: event.position });
      }
      await log.somethingNew(listener.gone);
    }
  }

  /** Ends where nothing more is there; gives what was looked at since the last checkpoint. */
  async #catchUp(): Promise<number> {
    const { log, listener, options } = this;
    const { version, window } = options;
    let considered = 0;
    let full = false;
    for (;;) {
      const page = log.events.slice(this.#index, this.#index + window);
      const [first] = page;
      if (first === undefined) {
        if (full && !version.isBefore(25) && version.isBefore(25, 0, 1))
          this.#checkpoint = { commit: log.end, prepare: 0n };
        if (!version.isBefore(24)) await this.#tell(this.#checkpoint ?? NOWHERE);
        return considered;
      }
      full = page.length === window;
      // The page began where the one before ended: behind its last record, and before whatever is written there.
      const begin = { commit: this.#index === 0 ? 0n : first.position, prepare: 0n };
      this.#index += page.length;
      for (const event of page) {
        if (event.position > this.#after && options.passes(event)) {
          await listener.event(event);
          this.#checkpoint = { commit: event.position, prepare: event.position };
        }
        await this.#tellMore(event);
      }
      considered += page.length;
      const due = considered >= this.#interval;
      if ((due || !version.isBefore(24, 10, 5)) && begin.commit > (this.#checkpoint?.commit ?? -1n))
        this.#checkpoint = begin;
      if (!due) continue;
      considered %= this.#interval;
      await this.#tell(this.#checkpoint);
    }
  }

  /** What a test adds, whatever was told before. */
  async #tellMore(lookedAt: Stored): Promise<void> {
    const { more, checkpointEvery, passes } = this.options;
    if (more === null || checkpointEvery === null) return;
    const { events, end } = this.log;
    let next = this.log.indexAt(lookedAt.position) + 1;
    for (let event = events[next]; event !== undefined && !passes(event); event = events[next]) next += 1;
    const at = { lookedAt: lookedAt.position, next: events[next]?.position ?? end };
    for (const checkpoint of more(at)) await this.listener.send(wire.checkpointResponse(checkpoint));
  }

  get #interval(): number {
    const { checkpointEvery, window } = this.options;
    return checkpointEvery === null ? Number.POSITIVE_INFINITY : checkpointEvery * window;
  }

  async #tell(checkpoint: wire.Position | null): Promise<void> {
    if (checkpoint === null || this.options.checkpointEvery === null) return;
    if (this.#told !== null && checkpoint.commit <= this.#told.commit) return;
    this.#told = checkpoint;
    await this.listener.send(wire.checkpointResponse(checkpoint));
  }
}
