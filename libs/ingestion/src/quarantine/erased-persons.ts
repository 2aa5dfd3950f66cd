import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import type { KeyStore } from '#keys';

/** Who was erased: their subjects, and the namespaces by which they were known. */
export interface Erased {
  readonly subjectIds: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
}

/** The erasures on record in the log. They tell whether a quarantined body names an erased person. */
export class ErasedPersons {
  private readonly subjectIds = new Set<string>();
  private readonly namespaces = new Set<string>();
  private next = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly log: EventLog,
    keys: Pick<KeyStore, 'onDestroyed'>,
  ) {
    // The log records an erasure after the keys are destroyed: what is destroyed counts at once.
    keys.onDestroyed((ids) => ids.forEach((id) => this.subjectIds.add(id)));
  }

  /** All erasures on record now: what was recorded since the last call is read. */
  load(): Promise<Erased> {
    const loaded = this.last.then(
      () => this.read(),
      () => this.read(),
    );
    this.last = loaded;
    return loaded;
  }

  private async read(): Promise<Erased> {
    for await (const page of this.log.read(STREAMS.privacy, this.next)) {
      for (const { type, data, revision } of page) {
        this.next = revision + 1;
        if (type !== 'person-erased') continue;
        const { subjectIds = [], namespaces = [] } = JSON.parse(data) as {
          readonly subjectIds?: readonly string[];
          readonly namespaces?: readonly string[];
        };
        for (const id of subjectIds) this.subjectIds.add(id);
        for (const namespace of namespaces) this.namespaces.add(namespace);
      }
    }
    return { subjectIds: this.subjectIds, namespaces: this.namespaces };
  }
}
