import {
  joinPersonal,
  readSealedFields,
  subjectOfStream,
  type Beside,
  type Data,
  type ExpiredFields,
  type PersonalFields,
  type TouchpointMeta,
} from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import { dividerOf, type Divider } from '#privacy';
import type { PersonalData, Sealed } from '../running/personal-data.js';

/** The data of an event as a reader may see them. */
export interface EventData {
  /** In the version in which they were recorded: with the personal fields that were opened, without all others. */
  readonly data: Data;
  /** What came with the event and is no field of its data; empty where it was not opened. */
  readonly beside: Beside;
  /** Classes of personal fields that were destroyed since the time for which the policy keeps them is over; empty where nothing sealed was opened. */
  readonly expired: readonly ExpiredFields[];
  /** Texts that the event has and that are not shown: sealed ones, and fields that are personal now. */
  readonly withheld: number;
}

export interface EventDataReader {
  /** Where the types are read from that the business registered, or how data divide by types that were read before. */
  readonly types: Pick<EventLog, 'read'> | Divider;
  /** Opens what may be shown, in order; null for what stays closed. */
  readonly open: PersonalData['open'];
  /** Whether sealed fields are opened as well; otherwise the data are shown as recorded. */
  readonly sealed: boolean;
  /** Of which events anything may be opened; of all of them by default. */
  readonly mayOpen?: (event: RecordedEvent) => boolean;
}

/**
 * The data of recorded events, as they may be shown. Text that stands in the log in the clear since its field became personal later is opened like sealed text, or left
 * out: every answer that shows data of touchpoints passes through here.
 */
export async function eventData(events: readonly RecordedEvent[], reader: EventDataReader): Promise<EventData[]> {
  const { types, open, sealed: opensSealed, mayOpen = () => true } = reader;
  const divide = typeof types === 'function' ? types : await dividerOf(types, events);
  const items: Sealed[] = [];
  const places = events.map((event) => {
    const subjectId = subjectOfStream(event.stream) ?? '';
    const { data, personal } = divide(event);
    const sealed = opensSealed ? ((JSON.parse(event.meta) as TouchpointMeta).sealed ?? null) : null;
    const names = Object.keys(personal);
    const inClear = names.length > 0;
    if (!mayOpen(event))
      return { data, personal, fields: null, inClear: null, withheld: (sealed === null ? 0 : 1) + names.length };
    const at = items.length;
    if (sealed !== null) items.push({ subjectId, sealed });
    if (inClear) items.push({ subjectId, sealed: null, inClear: JSON.stringify(personal) });
    return {
      ...{ data, personal, withheld: 0 },
      fields: sealed === null ? null : at,
      inClear: inClear ? items.length - 1 : null,
    };
  });
  const opened = items.length === 0 ? [] : await open(items);
  const at = (place: number | null): string | null => (place === null ? null : (opened[place] ?? null));
  return places.map(({ data, personal, fields, inClear, withheld }) => {
    const text = at(fields);
    const { personal: sealed, beside, expired } = text === null ? NOTHING : readSealedFields(text);
    const shown: PersonalFields = { ...(at(inClear) === null ? {} : personal), ...sealed };
    const closed =
      (fields !== null && text === null ? 1 : 0) +
      (inClear !== null && at(inClear) === null ? Object.keys(personal).length : 0);
    return {
      data: Object.keys(shown).length === 0 ? data : joinPersonal(data, shown),
      beside,
      expired,
      withheld: withheld + closed,
    };
  });
}

const NOTHING = { personal: {}, beside: {}, expired: [] } as const;
