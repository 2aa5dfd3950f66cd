import type { Queryable } from '#database';
import type { EventLog } from '#event-log';
import { OWN_SOURCES, type PersonSearch, type QuarantinedMeta } from '#ingestion';
import type { Sealer } from '#keys';
import { liveSchema } from '#projections/schema';

/** Bodies that are opened and searched at once. */
const PAGE_SIZE = 500;

/** Opens sealed texts; null where the key is destroyed or the text is damaged. */
export type Opener = Pick<Sealer, 'openUndamaged'>;

/** The quarantined bodies of the log that can be opened: released and discarded ones too, since the log keeps them. */
export class QuarantinedBodies {
  constructor(
    private readonly database: Pick<Queryable, 'query'>,
    private readonly log: Pick<EventLog, 'find'>,
    private readonly opener: Opener,
  ) {}

  /** Searches every body beyond a position of the log. Resolves with the ids of those in which the person was found, and the last position. */
  async naming(
    person: PersonSearch,
    after: number,
  ): Promise<{ readonly quarantineIds: string[]; readonly position: number }> {
    const quarantineIds: string[] = [];
    let position = after;
    for await (const page of this.pages(after, Number.MAX_SAFE_INTEGER)) {
      position = Number(page.at(-1)?.position ?? position);
      for (const { quarantineId, body } of await this.open(page.map(({ quarantine_id: id }) => id)))
        if (person.isIn(body)) quarantineIds.push(quarantineId);
    }
    return { quarantineIds, position };
  }

  /** The ids of the bodies of a stretch of the log in which the person is found, or that concern one of their subjects; a page at a time. */
  async *pagesNaming(
    person: PersonSearch,
    {
      after,
      upTo,
      subjectIds,
    }: { readonly after: number; readonly upTo: number; readonly subjectIds: readonly string[] },
  ): AsyncGenerator<readonly string[]> {
    for await (const page of this.pages(after, upTo)) {
      const ids = page.map(({ quarantine_id: id }) => id);
      const found = new Set(
        (await this.open(ids)).flatMap(({ quarantineId, body }) => (person.isIn(body) ? [quarantineId] : [])),
      );
      for (const { quarantine_id: id, subject_id: subjectId } of page)
        if (subjectId !== null && subjectIds.includes(subjectId)) found.add(id);
      yield ids.filter((id) => found.has(id));
    }
  }

  private async *pages(after: number, upTo: number): AsyncGenerator<readonly QuarantinedRow[]> {
    const schema = await liveSchema(this.database);
    if (schema === null) return;
    for (let position = after; ;) {
      const rows = await this.database.query<QuarantinedRow & Record<string, unknown>>(
        `SELECT quarantine_id, position, subject_id FROM ${schema}.quarantine
          WHERE position > $1::bigint AND position <= $2::bigint ORDER BY position LIMIT ${PAGE_SIZE}`,
        [position, upTo],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      position = Number(last.position);
      yield rows;
    }
  }

  /** The bodies that can still be opened, each with the key and the headers of its message. */
  private async open(
    ids: readonly string[],
  ): Promise<readonly { readonly quarantineId: string; readonly body: unknown }[]> {
    const events = await this.log.find(ids.map((id) => ({ source: OWN_SOURCES.quarantine, id })));
    const sealed = events.flatMap((event) => {
      if (event === null) return [];
      const { id: subjectId, meta } = event;
      const { sealed: text, provenance } = JSON.parse(meta) as QuarantinedMeta;
      return [text, ...(provenance === undefined ? [] : [provenance.sealed])].map((each) => ({
        subjectId,
        sealed: each,
      }));
    });
    const texts = await this.opener.openUndamaged(sealed);
    const bodies = new Map<string, unknown[]>();
    for (const [at, text] of texts.entries()) {
      const { subjectId } = sealed[at] as (typeof sealed)[number];
      if (text !== null) bodies.set(subjectId, [...(bodies.get(subjectId) ?? []), parsed(text)]);
    }
    return [...bodies].map(([quarantineId, body]) => ({ quarantineId, body }));
  }
}

interface QuarantinedRow {
  readonly quarantine_id: string;
  readonly position: number;
  readonly subject_id: string | null;
}

/** A body that was cut is no JSON: it is searched as a text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
