import { SharedFeed, type Entry, type Stretch } from './shared-feed.js';

/** A feed without a consumer is kept so long: one that reads page by page comes back to it. */
const IDLE_MS = 30_000;
/** … and so many of them, beside the one that has come furthest. */
const IDLE_MAX = 3;

/**
 * The feeds of a log in this process. Usually there is one, which all consumers share. A consumer at a place that no feed covers
 * (it has just begun, or has fallen behind) gets a feed of its own, until it has come to where another one covers its place: then it
 * goes on there, and its own is closed when no other consumer is in it.
 */
export class SharedFeeds {
  /** The oldest first. */
  readonly #feeds: SharedFeed[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** `create` makes a feed of the events above a position. */
  constructor(
    private readonly create: (after: number, onAdded: () => void) => SharedFeed,
    private readonly idleMs = IDLE_MS,
  ) {}

  /** How many feeds there are, and how many events they hold together. */
  get size(): { readonly feeds: number; readonly kept: number } {
    return { feeds: this.#feeds.length, kept: this.#feeds.reduce((sum, { kept }) => sum + kept, 0) };
  }

  /** A consumer that has everything up to a position. It must be closed. */
  consumer(after: number): Consumer {
    return new Consumer(this, after);
  }

  /** Whether anything above a position is here already, for a consumer that has everything up to it. */
  holdsAbove(position: number): boolean {
    const feed = this.#best(position);
    return feed !== null && feed.upTo > position;
  }

  /** What is held up to a position and further: of the feed that reaches back the furthest; null where no feed has come so far. */
  kept(upTo: number): Stretch | null {
    let best: SharedFeed | null = null;
    for (const feed of this.#feeds) if (feed.covers(upTo) && feed.from < (best?.from ?? Infinity)) best = feed;
    return best === null ? null : { from: best.from, upTo: best.upTo, entries: best.above(best.from, Infinity) };
  }

  /** What was received above a position up to where the furthest feed is; null where no feed covers it. */
  received(above: number): Stretch | null {
    const feed = this.#best(above);
    return feed === null ? null : { from: above, upTo: feed.upTo, entries: feed.above(above, Infinity) };
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const feed of this.#feeds.splice(0)) feed.close();
  }

  /** The feed that covers a position and has come furthest, of two the older, so that consumers come together; a new one where none does. */
  enter(position: number): SharedFeed {
    let feed = this.#best(position);
    if (feed === null) {
      feed = this.create(position, () => this.#added());
      this.#feeds.push(feed);
    }
    feed.consumers += 1;
    return feed;
  }

  leave(feed: SharedFeed): void {
    feed.consumers -= 1;
    if (feed.consumers > 0) return;
    feed.idleSince = performance.now();
    this.#prune();
    this.#timer ??= setTimeout(() => this.#pruneLater(), this.idleMs + 1).unref();
  }

  #best(position: number): SharedFeed | null {
    let best: SharedFeed | null = null;
    for (const feed of this.#feeds) if (feed.covers(position) && feed.upTo > (best?.upTo ?? -1)) best = feed;
    return best;
  }

  /** One feed has come to where another is: consumers that wait in the one go on in the other. */
  #added(): void {
    for (const feed of this.#feeds) if (this.#best(feed.upTo) !== feed) feed.rouse();
    this.#prune();
  }

  #pruneLater(): void {
    this.#timer = null;
    this.#prune();
    if (this.#feeds.some(({ consumers }) => consumers === 0))
      this.#timer = setTimeout(() => this.#pruneLater(), this.idleMs + 1).unref();
  }

  /** Closes the feeds that no consumer needs: those that came to where another one is, that were idle for long, and beyond a few. */
  #prune(): void {
    const furthest = Math.max(...this.#feeds.map(({ upTo }) => upTo));
    const idle = this.#feeds.filter(({ consumers }) => consumers === 0).sort((a, b) => b.idleSince - a.idleSince);
    let kept = 0;
    for (const feed of idle) {
      const redundant = feed.broken || this.#feeds.some((other) => other !== feed && other.covers(feed.upTo));
      const old = performance.now() - feed.idleSince > this.idleMs;
      if (feed.upTo < furthest) kept += 1;
      if (!redundant && !old && kept <= IDLE_MAX) continue;
      this.#feeds.splice(this.#feeds.indexOf(feed), 1);
      feed.close();
    }
  }
}

/** One reader of the log at its own place and pace, in whichever feed covers it. */
export class Consumer {
  #feed: SharedFeed | null = null;

  constructor(
    private readonly feeds: SharedFeeds,
    /** Everything up to here was given. */
    public position: number,
  ) {}

  /** What is here already, at most `limit`. */
  here(limit: number): readonly Entry[] {
    const feed = this.#enter();
    const entries = feed.above(this.position, limit);
    this.position = entries.at(-1)?.position ?? this.position;
    // What comes while these are worked on is then here.
    if (entries.length > 0 && this.position >= feed.upTo) feed.readAhead();
    return entries;
  }

  /** Waits until something is here; empty where the signal aborts, or nothing came for so long. @throws what the feed throws */
  async next(limit: number, signal: AbortSignal, withinMs = Infinity): Promise<readonly Entry[]> {
    const until = performance.now() + withinMs;
    for (;;) {
      const entries = this.here(limit);
      const left = until - performance.now();
      if (entries.length > 0 || signal.aborted || left <= 0) return entries;
      await this.#enter().more(signal, left);
    }
  }

  close(): void {
    if (this.#feed !== null) this.feeds.leave(this.#feed);
    this.#feed = null;
  }

  #enter(): SharedFeed {
    const before = this.#feed;
    this.#feed = this.feeds.enter(this.position);
    // Left after the other was entered: where it is the same one, it does not fall idle.
    if (before !== null) this.feeds.leave(before);
    return this.#feed;
  }
}
