import type { Queryable } from '#database';
import type { EventLog } from '#event-log';
import { OWN_SOURCES, type PersonSearch, type QuarantinedMeta } from '#ingestion';
import type { Sealer } from '#keys';
import { liveSchema } from '#projections/schema';

/** Bodies that are opened and searched at once. */
const PAGE_SIZE = 500;

/** The quarantined bodies of the log that can be opened: released and discarded ones too, since the log keeps them. */
export class QuarantinedBodies {
  constructor(
    private readonly database: Pick<Queryable, 'query'>,
    private readonly log: Pick<EventLog, 'find'>,
    private readonly sealer: Sealer,
  ) {}

  /** Searches every body beyond a position of the log. Resolves with the ids of those in which the person was found, and the last position. */
  async naming(
    person: PersonSearch,
    after: number,
  ): Promise<{ readonly quarantineIds: string[]; readonly position: number }> {
    const quarantineIds: string[] = [];
    let position = after;
    const schema = await liveSchema(this.database);
    if (schema === null) return { quarantineIds, position };
    for (;;) {
      const rows = await this.database.query<{ quarantine_id: string; position: number }>(
        `SELECT quarantine_id, position FROM ${schema}.quarantine WHERE position > $1::bigint ORDER BY position LIMIT ${PAGE_SIZE}`,
        [position],
      );
      const last = rows.at(-1);
      if (last === undefined) return { quarantineIds, position };
      position = Number(last.position);
      for (const { quarantineId, body } of await this.open(rows.map(({ quarantine_id: id }) => id)))
        if (person.isIn(body)) quarantineIds.push(quarantineId);
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
    const texts = await this.sealer.openUndamaged(sealed);
    const bodies = new Map<string, unknown[]>();
    for (const [at, text] of texts.entries()) {
      const { subjectId } = sealed[at] as (typeof sealed)[number];
      if (text !== null) bodies.set(subjectId, [...(bodies.get(subjectId) ?? []), parsed(text)]);
    }
    return [...bodies].map(([quarantineId, body]) => ({ quarantineId, body }));
  }
}

/** A body that was cut is no JSON: it is searched as a text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
