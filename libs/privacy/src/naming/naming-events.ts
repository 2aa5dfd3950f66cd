import { STREAMS, type TouchpointMeta } from '#contracts';
import type { Queryable } from '#database';
import type { EventLog, RecordedEvent } from '#event-log';
import { OWN_SOURCES, PersonSearch, type ClearIdentifier } from '#ingestion';
import { liveSchema } from '#projections/schema';
import { QuarantinedBodies, type Opener } from '../erasure/quarantined-bodies.js';
import { inLogOrder, type NamingEvent } from './in-log-order.js';

/** A person by all their subjects, and by the identifiers that can be opened. */
export interface NamedPerson {
  readonly subjectIds: readonly string[];
  readonly identifiers: readonly ClearIdentifier[];
}

/** A stretch of the log: what lies after one position, up to another. */
export interface Stretch {
  readonly after: number;
  readonly upTo: number;
}

const PAGE_SIZE = 500;

/**
 * Finds the events that name a person and stand in no stream of theirs: touchpoints of others that name them as referee, recipient or actor; those of
 * customers with which a link was rejected; and quarantined bodies that hold one of their identifiers in any form, by the search of an erasure.
 */
export class NamingEvents {
  private readonly bodies: QuarantinedBodies;

  constructor(
    private readonly database: Pick<Queryable, 'query'>,
    private readonly log: Pick<EventLog, 'find' | 'read'>,
    opener: Opener,
  ) {
    this.bodies = new QuarantinedBodies(database, log, opener);
  }

  /** Whether the read models know who is named where: those of an earlier program do not, until they are rebuilt. */
  async areKnown(): Promise<boolean> {
    const schema = await liveSchema(this.database);
    const [row] = await this.database.query<{ known: boolean }>('SELECT to_regclass($1) IS NOT NULL AS known', [
      `${schema ?? 'perennial'}.mentions`,
    ]);
    return row?.known === true;
  }

  /** The namespaces by which people are known here: what a field that names a person may be called. */
  async namespaces(): Promise<readonly string[]> {
    const schema = await liveSchema(this.database);
    if (schema === null) return [];
    const rows = await this.database.query<{ namespace: string }>(
      `SELECT DISTINCT namespace FROM ${schema}.subjects ORDER BY 1 LIMIT 1000`,
    );
    return rows.map(({ namespace }) => namespace);
  }

  /** The events of a stretch of the log, in its order. What is not taken is not read. */
  read(person: NamedPerson, stretch: Stretch): AsyncGenerator<NamingEvent> {
    return inLogOrder([this.mentions(person, stretch), this.apart(person, stretch), this.quarantined(person, stretch)]);
  }

  private async *mentions({ subjectIds }: NamedPerson, { after, upTo }: Stretch): AsyncGenerator<NamingEvent> {
    const schema = await liveSchema(this.database);
    if (schema === null || !(await this.areKnown())) return;
    for (let from = after; ;) {
      const rows = await this.database.query<{ source: string; id: string; position: number; role: string }>(
        `SELECT source, event_id AS id, position, min(role) AS role FROM ${schema}.mentions
          WHERE subject_id = ANY($1::text[]) AND position > $2::bigint AND position <= $3::bigint
          GROUP BY source, event_id, position ORDER BY position LIMIT ${PAGE_SIZE}`,
        [subjectIds, from, upTo],
      );
      const found = rows.length === 0 ? [] : await this.log.find(rows);
      for (const [at, { role }] of rows.entries()) {
        const event = found[at] ?? null;
        // One's own stream is no other's.
        if (event !== null && !isOf(event, subjectIds)) yield { event, role };
      }
      from = Number(rows.at(-1)?.position ?? upTo);
      if (rows.length < PAGE_SIZE) return;
    }
  }

  /** Of customers that one event named beside the person, and that were not joined with them. */
  private async *apart(person: NamedPerson, { after, upTo }: Stretch): AsyncGenerator<NamingEvent> {
    const schema = await liveSchema(this.database);
    if (schema === null) return;
    const { subjectIds } = person;
    const others = await this.database.query<{ id: string }>(
      `SELECT DISTINCT other AS id FROM (
         SELECT b AS other FROM ${schema}.links WHERE rejected IS NOT NULL AND a = ANY($1::text[])
          UNION ALL
         SELECT a AS other FROM ${schema}.links WHERE rejected IS NOT NULL AND b = ANY($1::text[])
       ) rejected WHERE other <> ALL($1::text[]) ORDER BY 1`,
      [subjectIds],
    );
    const ids = new Set(subjectIds);
    yield* inLogOrder(others.map(({ id }) => this.inStream(STREAMS.subject(id), ids, { after, upTo })));
  }

  private async *inStream(
    stream: string,
    subjectIds: ReadonlySet<string>,
    { after, upTo }: Stretch,
  ): AsyncGenerator<NamingEvent> {
    for await (const page of this.log.read(stream, 0, { upTo }))
      for (const event of page) {
        if (event.position <= after) continue;
        const { identifiers } = JSON.parse(event.meta) as TouchpointMeta;
        if (identifiers.some(({ role, subjectId }) => role === 'self' && subjectIds.has(subjectId)))
          yield { event, role: 'self' };
      }
  }

  private async *quarantined(person: NamedPerson, { after, upTo }: Stretch): AsyncGenerator<NamingEvent> {
    const search = new PersonSearch(person.identifiers);
    for await (const quarantineIds of this.bodies.pagesNaming(search, { after, upTo, subjectIds: person.subjectIds })) {
      const found = await this.log.find(quarantineIds.map((id) => ({ source: OWN_SOURCES.quarantine, id })));
      for (const event of found) if (event !== null) yield { event, role: 'quarantined' };
    }
  }
}

const isOf = ({ stream }: RecordedEvent, subjectIds: readonly string[]): boolean =>
  subjectIds.some((id) => stream === STREAMS.subject(id));
