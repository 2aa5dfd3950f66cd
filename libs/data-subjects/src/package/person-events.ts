import {
  formatInstant,
  STREAMS,
  subjectOfStream,
  touchpointType,
  upcast,
  type Data,
  type ExpiredFields,
  type Origin,
  type TouchpointMeta,
  type TypeRegistry,
} from '#contracts';
import type { RecordedEvent } from '#event-log';
import { bodyOfPerson, PersonSearch, registeredTypes } from '#ingestion';
import { dividerBy, NamingEvents, type Divider, type NamingEvent } from '#privacy';
import { eventData, type QueryContext } from '#queries';
import type { OwnPerson } from './own-person.js';

/** An identifier of an event, as the person may see it: null where it is another person's. */
export interface ShownIdentifier {
  readonly namespace: string;
  readonly role: string;
  readonly value: string | null;
}

/** An event that names the person, with what concerns them in the clear. */
export interface PersonEvent {
  readonly position: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  /** In which role it names the person: self, referee, recipient, actor; quarantined where its body was quarantined. */
  readonly role: string;
  readonly origin: Origin | null;
  readonly channel: string | null;
  readonly test: boolean;
  readonly identifiers: readonly ShownIdentifier[];
  readonly data: unknown;
  /** What came with it and is no field of its data. */
  readonly beside: unknown;
  /** Classes of personal fields that were destroyed since the time for which the policy keeps them is over; absent where there are none. */
  readonly expired?: readonly ExpiredFields[];
  /** Of a quarantined event: its body, without what concerns other people; null where it can no longer be opened. */
  readonly body?: unknown;
  /** Values of other people that were left sealed, or taken out. */
  readonly withheld: number;
}

const PAGE_SIZE = 200;

/** Reads every event that names a person, in the order of the log, and opens of it what is theirs. Memory holds a page. */
export class PersonEvents {
  private readonly naming: NamingEvents;

  constructor(private readonly context: Pick<QueryContext, 'database' | 'log' | 'personalData'>) {
    const { database, log, personalData } = context;
    this.naming = new NamingEvents(database, log, { openUndamaged: (items) => personalData.openToSearch(items) });
  }

  /** False where the read models were built by an earlier program: events of others cannot be found until they are rebuilt. */
  areComplete(): Promise<boolean> {
    return this.naming.areKnown();
  }

  /** How many there are, and the ids of the quarantined ones: what an opening records. */
  async count(person: OwnPerson): Promise<{ readonly events: number; readonly quarantineIds: readonly string[] }> {
    let events = 0;
    const quarantineIds: string[] = [];
    for await (const _ of this.own(person)) events += 1;
    for await (const { event, role } of this.ofOthers(person)) {
      events += 1;
      if (role === 'quarantined') quarantineIds.push(event.id);
    }
    return { events, quarantineIds };
  }

  async *read(person: OwnPerson): AsyncGenerator<PersonEvent> {
    const { log } = this.context;
    const view = new EventView(this.context, person, await registeredTypes(log), await this.naming.namespaces());
    let page: NamingEvent[] = [];
    for await (const one of inOrder(this.own(person), this.ofOthers(person))) {
      page.push(one);
      if (page.length < PAGE_SIZE) continue;
      yield* await view.of(page);
      page = [];
    }
    yield* await view.of(page);
  }

  private own({ subjectIds, position: upTo }: OwnPerson): AsyncGenerator<NamingEvent> {
    return merged(subjectIds.map((id) => this.stream(STREAMS.subject(id), upTo)));
  }

  private async *stream(name: string, upTo: number): AsyncGenerator<NamingEvent> {
    for await (const page of this.context.log.read(name, 0, { upTo, pageSize: PAGE_SIZE }))
      for (const event of page) yield { event, role: 'self' };
  }

  private ofOthers(person: OwnPerson): AsyncGenerator<NamingEvent> {
    return this.naming.read(person, { after: 0, upTo: person.position });
  }
}

const inOrder = (own: AsyncGenerator<NamingEvent>, others: AsyncGenerator<NamingEvent>) => merged([own, others]);

/** Joins generators in the order of the log. */
async function* merged(sources: readonly AsyncGenerator<NamingEvent>[]): AsyncGenerator<NamingEvent> {
  const heads: { source: AsyncGenerator<NamingEvent>; next: NamingEvent }[] = [];
  const pull = async (source: AsyncGenerator<NamingEvent>): Promise<void> => {
    const next = await source.next();
    if (next.done !== true) heads.push({ source, next: next.value });
  };
  for (const source of sources) await pull(source);
  while (heads.length > 0) {
    const first = heads.reduce((a, b) => (b.next.event.position < a.next.event.position ? b : a));
    yield first.next;
    heads.splice(heads.indexOf(first), 1);
    await pull(first.source);
  }
}

class EventView {
  private readonly ids: ReadonlySet<string>;
  private readonly search: PersonSearch;
  private readonly divide: Divider;

  constructor(
    private readonly context: Pick<QueryContext, 'personalData'>,
    person: OwnPerson,
    private readonly types: TypeRegistry,
    private readonly namespaces: readonly string[],
  ) {
    this.ids = new Set(person.subjectIds);
    this.search = new PersonSearch(person.identifiers);
    this.divide = dividerBy(types);
  }

  async of(page: readonly NamingEvent[]): Promise<PersonEvent[]> {
    const shown: PersonEvent[] = [];
    for (const one of page)
      shown.push(one.role === 'quarantined' ? await this.quarantined(one.event) : await this.touchpoint(one));
    return shown;
  }

  private async touchpoint({ event, role }: NamingEvent): Promise<PersonEvent> {
    const meta = JSON.parse(event.meta) as TouchpointMeta;
    const subjectId = subjectOfStream(event.stream) ?? '';
    const isOwn = this.ids.has(subjectId);
    const theirs = meta.identifiers.filter((identifier) => this.ids.has(identifier.subjectId));
    const { openToSearch } = this.context.personalData;
    const values = await openToSearch(theirs);
    const [shown = NOTHING] = await eventData([event], {
      ...{ types: this.divide, open: openToSearch, sealed: true },
      mayOpen: () => isOwn,
    });
    let withheld = isOwn ? 0 : shown.withheld;
    const identifiers = meta.identifiers.map((identifier): ShownIdentifier => {
      const at = theirs.indexOf(identifier);
      if (at < 0) withheld += 1;
      const { namespace, role: its } = identifier;
      return { namespace, role: its, value: at < 0 ? null : (values[at] ?? null) };
    });
    const { data, beside, expired } = shown;
    return {
      ...this.envelope(event, role),
      ...{ channel: meta.channel, test: meta.test === true, identifiers },
      data: upcast(event.type, event.schemaVersion, data),
      beside: Object.keys(beside).length === 0 ? null : beside,
      ...(expired.length === 0 ? {} : { expired }),
      withheld,
    };
  }

  private async quarantined(event: RecordedEvent): Promise<PersonEvent> {
    const { sealed = null, provenance } = JSON.parse(event.meta) as {
      readonly sealed?: string;
      readonly provenance?: { readonly sealed: string };
    };
    const [text = null, message = null] = await this.context.personalData.openToSearch([
      { subjectId: event.id, sealed },
      { subjectId: event.id, sealed: provenance?.sealed ?? null },
    ]);
    const body = text === null ? null : bodyOfPerson(parsed(text), this.search, this.namespaces);
    const beside = message === null ? null : bodyOfPerson(parsed(message), this.search, this.namespaces);
    return {
      ...this.envelope(event, 'quarantined'),
      ...{ channel: null, test: false, identifiers: [] },
      data: upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Data),
      ...{ beside: beside?.body ?? null, body: body?.body ?? null },
      withheld: (body?.withheld ?? 0) + (beside?.withheld ?? 0),
    };
  }

  private envelope(event: RecordedEvent, role: string) {
    const { position, source, id, type } = event;
    return {
      ...{ position, occurredAt: formatInstant(event.occurredAt), recordedAt: formatInstant(event.recordedAt) },
      ...{ source, id, type, role, origin: (touchpointType(type) ?? this.types.type(type))?.origin ?? null },
    };
  }
}

const NOTHING = { data: {}, beside: {}, expired: [], withheld: 0 } as const;

/** A body that was cut is no JSON: it is shown as a text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
