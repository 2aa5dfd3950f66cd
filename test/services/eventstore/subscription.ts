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
  /** The server's major version. */
  readonly version: number;
}

/**
 * What a server sends a subscriber, once it has confirmed: page by page what is there, then what comes.
 *
 * From 24 on (Enumerator.AllSubscriptionFiltered) a checkpoint is the last event sent, or the beginning of the page looked at
 * last where that is later; one comes at every interval and one at the end of what is there; then `caughtUp`; live ones name
 * an event, not always one that was sent. Before 24 what is there ends without a checkpoint, and a subscription begins by
 * passing over the first event at or above its place, whichever that is; 22 does not report that it has caught up.
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
    if (after !== null && version >= 24) this.#checkpoint = { commit: after, prepare: after };
    const first = after === null ? 0 : log.indexAt(after);
    this.#index = after !== null && version < 24 ? Math.min(first + 1, log.events.length) : first;
  }

  async run(): Promise<void> {
    const { log, listener, options } = this;
    let considered = await this.#catchUp();
    if (options.version >= 24) considered = 0;
    if (options.version >= 23) await listener.send(wire.caughtUpResponse());
    while (!listener.gone.aborted) {
      for (let event = log.events[this.#index]; event !== undefined; event = log.events[this.#index]) {
        this.#index += 1;
        considered += 1;
        if (event.position > this.#after && options.passes(event)) await listener.event(event);
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
    let considered = 0;
    for (;;) {
      const page = log.events.slice(this.#index, this.#index + options.window);
      const [first] = page;
      if (first === undefined) {
        if (options.version >= 24) await this.#tell(this.#checkpoint);
        return considered;
      }
      this.#index += page.length;
      for (const event of page) {
        if (event.position <= this.#after || !options.passes(event)) continue;
        await listener.event(event);
        this.#checkpoint = { commit: event.position, prepare: event.position };
      }
      // The page began where the one before ended: behind its last record, and before whatever is written there.
      if (first.position > (this.#checkpoint?.commit ?? -1n))
        this.#checkpoint = { commit: first.position, prepare: 0n };
      considered += page.length;
      if (considered < this.#interval) continue;
      considered %= this.#interval;
      await this.#tell(this.#checkpoint);
    }
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
