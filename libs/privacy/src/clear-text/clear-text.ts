import {
  hashedSchema,
  personalPaths,
  readSealedFields,
  sealedFields,
  separatePersonal,
  STREAMS,
  subjectOfStream,
  touchpointSchema,
  type Data,
  type Separated,
  type TouchpointMeta,
} from '#contracts';
import type { EventLog, MovedEvent } from '#event-log';
import { canonical } from '#ingestion';
import { joinParts, partsOf, type KeyState, type Sealer } from '#keys';
import { dividerOf } from './recorded-data.js';

/** How many events of these subjects hold text in the clear that is personal by today's contract: it was stored before its field became personal. */
export async function eventsWithClearText(
  log: Pick<EventLog, 'read' | 'readStreams'>,
  subjectIds: readonly string[],
): Promise<number> {
  const events = await log.readStreams(subjectIds.map((id) => STREAMS.subject(id)));
  const divided = await dividerOf(log, events);
  return events.filter((event) => Object.keys(divided(event).personal).length > 0).length;
}

type Stored = Pick<MovedEvent, 'stream' | 'type' | 'schemaVersion' | 'data'>;

/**
 * The data of an event without text that is personal by the contract of its own version, and that text; null where it holds none. Only a built-in type has such text:
 * the content hash of a registered type covers a field where its own version has it.
 */
function clearTextOf({ stream, type, schemaVersion, data: text }: Stored): Separated | null {
  if (subjectOfStream(stream) === null || !mayHoldClearText(type, schemaVersion)) return null;
  const separated = separatePersonal(type, schemaVersion, JSON.parse(text) as Data);
  return Object.keys(separated.personal).length === 0 ? null : separated;
}

const MAY_HOLD = new Map<string, boolean>();

/** Most types have no field that became personal later: their data need not be parsed. */
function mayHoldClearText(type: string, version: number): boolean {
  const name = `${type}@${version}`;
  let may = MAY_HOLD.get(name);
  if (may === undefined) {
    const schema = touchpointSchema(type, version);
    may = schema !== null && personalPaths(type, version).length > 0 && hashedSchema(schema, []) !== schema;
    MAY_HOLD.set(name, may);
  }
  return may;
}

/**
 * Seals, on the way into another log, text that was stored in the clear before its field became personal. What belongs to an erased person is left out.
 * The content hash stays: it covers the text where it stood. The same event always gives the same result, so a copy that was interrupted continues.
 */
export class ClearTextSealer {
  /** Events whose text was sealed, and those of erased persons whose text was left out. */
  readonly counts = { sealed: 0, dropped: 0 };

  constructor(private readonly sealer: Sealer) {}

  async map<E extends Stored & Pick<MovedEvent, 'source' | 'id' | 'meta'>>(
    events: readonly E[],
  ): Promise<readonly E[]> {
    const clear = new Map<E, Separated>();
    for (const event of events) {
      const separated = clearTextOf(event);
      if (separated !== null) clear.set(event, separated);
    }
    if (clear.size === 0) return events;
    const subjectIds = [...clear.keys()].map(({ stream }) => subjectOfStream(stream) as string);
    const keys = await this.sealer.keys.keysFor(subjectIds);
    return events.map((event) => {
      const separated = clear.get(event);
      return separated === undefined ? event : this.sealed(event, separated, keys);
    });
  }

  private sealed<E extends Stored & Pick<MovedEvent, 'source' | 'id' | 'meta'>>(
    event: E,
    { data, personal }: Separated,
    keys: ReadonlyMap<string, KeyState>,
  ): E {
    const key = keys.get(subjectOfStream(event.stream) as string);
    // A key store that does not know the subject belongs to another log: the event stays as it is, and is counted as in the clear at an erasure.
    if (key === undefined) return event;
    if (key === 'erased') {
      this.counts.dropped += 1;
      return { ...event, data: JSON.stringify(data) };
    }
    this.counts.sealed += 1;
    const meta = JSON.parse(event.meta) as TouchpointMeta;
    const parts = meta.sealed === undefined ? [] : (partsOf(meta.sealed) ?? []);
    const own = parts.find(({ classYear }) => classYear === null)?.text;
    const before = own === undefined ? null : readSealedFields(this.sealer.open(key, own));
    const fields = sealedFields({ ...before?.personal, ...personal }, before?.beside ?? {});
    const text = JSON.stringify(canonical(fields));
    const resealed = this.sealer.reseal(key, text, own ?? `clear text\0${event.source}\0${event.id}`);
    const sealed = joinParts([resealed, ...parts.flatMap((part) => (part.classYear === null ? [] : part.text))]);
    return { ...event, data: JSON.stringify(data), meta: JSON.stringify({ ...meta, sealed }) };
  }
}
