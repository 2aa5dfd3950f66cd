import { EventLogError, type EventLog, type NewEvent } from '#event-log';

/** Events in one append at most: the rest waits for the next. */
const GROUP_MAX = 500;

interface Waiting {
  readonly stream: string;
  readonly events: readonly NewEvent[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Appends what comes in while an append is under way together, in one commit. An answer that waits alone is appended at once. */
export class GroupedAppends {
  private waiting: Waiting[] = [];
  private isRunning = false;

  constructor(private readonly log: Pick<EventLog, 'append'>) {}

  /** Resolves when the events are durable; rejects where it is not known that they are. */
  append(stream: string, events: readonly NewEvent[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ stream, events, resolve, reject });
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (let group = this.nextGroup(); group.length > 0; group = this.nextGroup()) {
      try {
        const verdicts = await this.log.append(
          (group[0] as Waiting).stream,
          'any',
          group.flatMap(({ events }) => events),
        );
        const failed = verdicts.find(({ status }) => status !== 'accepted');
        if (failed !== undefined || verdicts.length === 0)
          throw new EventLogError(
            'unavailable',
            `The event log did not record the opening of personal data (${failed?.status ?? 'no answer'}): nothing was opened. Try again.`,
          );
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.isRunning = false;
  }

  /** What waits for the stream of the first, in order. */
  private nextGroup(): readonly Waiting[] {
    const [first] = this.waiting;
    if (first === undefined) return [];
    const group: Waiting[] = [];
    let size = 0;
    for (const each of this.waiting) {
      if (each.stream !== first.stream || (group.length > 0 && size + each.events.length > GROUP_MAX)) break;
      group.push(each);
      size += each.events.length;
    }
    this.waiting = this.waiting.slice(group.length);
    return group;
  }
}
