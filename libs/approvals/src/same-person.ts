import { DAY, formatInstant, STREAMS, type Data, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import type { ApiKeyRecord, ApiKeys } from '#keys';

/** What is asked of the API keys. */
export type KnownKeys = Pick<ApiKeys, 'find' | 'list'>;

/** The actor of the command line on the machine of the engine: it may be anybody who reaches the machine, so it approves nothing. */
export const LOCAL = 'local';

/** A key whose making is not on record any more: it is not known whose it is, so it counts as that of the machine. */
const UNKNOWN = LOCAL;

/**
 * Who stands behind a principal. Two principals are the same person where they have one of these in common:
 * - a key has those of the keys that it replaces;
 * - a key that one principal made alone, after four eyes began, has those of its maker, who knows its secret. So no principal makes itself a second
 *   person. A key whose making another principal approved is its own, and so is one from before: who held which key then is what the
 *   business vouched for when it turned four eyes on.
 */
export class Persons {
  constructor(
    private readonly log: Pick<EventLog, 'read'>,
    private readonly keys: KnownKeys,
    /** When four eyes began; null: they did not. */
    private readonly since: Instant | null,
    /** The keys that were made by an approved act. */
    private readonly approvedKeys: ReadonlySet<string>,
  ) {}

  /** @param actor as `actorOf` names a principal */
  async behind(actor: string): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    await this.collect(actor, found);
    return found;
  }

  async areSame(one: string, other: string): Promise<boolean> {
    const behind = await this.behind(one);
    return [...(await this.behind(other))].some((each) => behind.has(each));
  }

  private async collect(actor: string, found: Set<string>): Promise<void> {
    if (found.has(actor)) return;
    found.add(actor);
    const key = actor.startsWith('key:') ? this.keys.find(actor.slice('key:'.length)) : null;
    if (key === null) return;
    if (key.replaces !== null) await this.collect(`key:${key.replaces}`, found);
    if (this.since === null || key.createdAt < this.since || this.approvedKeys.has(key.id)) return;
    await this.collect(await this.makerOf(key), found);
  }

  /** Who made a key: from the acts of its day, and of those beside it, since a stream is named by the clock of the process that wrote it. */
  private async makerOf({ id, createdAt }: ApiKeyRecord): Promise<string> {
    for (const day of [createdAt, createdAt + DAY, createdAt - DAY])
      for await (const page of this.log.read(STREAMS.access(formatInstant(day).slice(0, 10))))
        for (const { type, data, meta } of page) {
          if (type !== 'key-created' && type !== 'key-rotated') continue;
          if ((JSON.parse(data) as Data)['keyId'] !== id) continue;
          return (JSON.parse(meta) as { readonly by?: string }).by ?? UNKNOWN;
        }
    return UNKNOWN;
  }
}
