import type { RecordedEvent } from '#event-log';

/** An event that names a person, and in which role: referee, recipient, actor, self (of another customer, or in test traffic) or quarantined. */
export interface NamingEvent {
  readonly event: RecordedEvent;
  readonly role: string;
}

/** Joins streams that are each in the order of the log into one. An event that several bring comes once, with the role that came first. */
export async function* inLogOrder(sources: readonly AsyncGenerator<NamingEvent>[]): AsyncGenerator<NamingEvent> {
  try {
    const waiting: (NamingEvent | null)[] = [];
    for (const source of sources) waiting.push(await nextOf(source));
    let last = -1;
    for (;;) {
      let first = -1;
      for (const [at, one] of waiting.entries())
        if (one !== null && (first < 0 || one.event.position < (waiting[first]?.event.position ?? Infinity)))
          first = at;
      const [source, next] = [sources[first], waiting[first] ?? null];
      if (source === undefined || next === null) return;
      if (next.event.position !== last) yield next;
      last = next.event.position;
      waiting[first] = await nextOf(source);
    }
  } finally {
    for (const source of sources) await source.return(undefined);
  }
}

async function nextOf(source: AsyncGenerator<NamingEvent>): Promise<NamingEvent | null> {
  const next = await source.next();
  return next.done === true ? null : next.value;
}
