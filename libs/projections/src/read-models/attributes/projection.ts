import { arrayText, insertRows, sortedByKey, type Row, type Statement, type Transaction, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import { foldAttributes, NO_ATTRIBUTES, storedAttribute, type AttributeDefinition } from '#lifecycle';
import type { SealedOpener } from '#platform';
import { ATTRIBUTE_DEFINITIONS, ATTRIBUTE_FACTS } from './table.js';
import { attributeRows } from './rows.js';

/** The definitions in force: asked together with the turn of the indexer. */
export const SELECT_ATTRIBUTES: Statement = { sql: 'SELECT definition FROM attribute_definitions ORDER BY name' };

/** The rows of `SELECT_ATTRIBUTES`. */
export const readAttributes = (rows: readonly Row[]): readonly AttributeDefinition[] =>
  rows.map(({ definition }) => storedAttribute(definition));

/** Keeps what touchpoints say about attributes: what sources state is opened for it. The same touchpoints again change nothing. */
export async function recordAttributeFacts(
  writes: Writer,
  definitions: readonly AttributeDefinition[],
  touchpoints: Iterable<RecordedEvent>,
  open: SealedOpener | null,
): Promise<void> {
  const rows = await attributeRows(definitions, touchpoints, open);
  await insertRows(writes, ATTRIBUTE_FACTS, sortedByKey(ATTRIBUTE_FACTS, rows), 'DO NOTHING');
}

/**
 * Keeps the definitions that the facts leave in force. What stood of the former version is deleted; what touchpoints up to `position` say is taken from the log by
 * `fillAttributes`.
 */
export async function recordAttributeDefinitions(
  writes: Writer,
  facts: readonly RecordedEvent[],
  position: number,
): Promise<void> {
  if (facts.length === 0) return;
  const saved = [...foldAttributes(NO_ATTRIBUTES, facts)];
  const touched = [...new Set(facts.map(({ data }) => (JSON.parse(data) as { readonly name: string }).name))];
  await writes.query('DELETE FROM attribute_facts WHERE name = ANY($1::text[])', [arrayText(touched)]);
  await writes.query('DELETE FROM attribute_definitions WHERE name = ANY($1::text[])', [arrayText(touched)]);
  const rows = saved
    .filter(([, { removed }]) => !removed)
    .map(([name, { definition }]): Row => ({
      ...{ name, version: definition.version, definition },
      ...{ filled_to: 0, fill_to: position },
    }));
  await insertRows(writes, ATTRIBUTE_DEFINITIONS, sortedByKey(ATTRIBUTE_DEFINITIONS, rows));
}

/** Removes what was opened of erased subjects. */
export async function forgetAttributes(writes: Writer, subjectIds: readonly string[]): Promise<void> {
  if (subjectIds.length === 0) return;
  await writes.query('DELETE FROM attribute_facts WHERE opened AND subject_id = ANY($1::text[])', [
    arrayText(subjectIds),
  ]);
}

/** Attributes that are being filled together: the least filled ones. */
export interface FillingAttributes {
  readonly definitions: readonly AttributeDefinition[];
  readonly names: readonly string[];
  readonly after: number;
  readonly upTo: number;
}

/** What is to be filled next from the log; null where all attributes are complete. `schema` ends with a dot, or is empty. */
export const selectFilling = (schema: string): string =>
  `SELECT name, definition, filled_to, fill_to FROM ${schema}attribute_definitions
    WHERE filled_to = (SELECT min(filled_to) FROM ${schema}attribute_definitions) ORDER BY name`;

export function readFilling(rows: readonly Row[]): FillingAttributes | null {
  const [first] = rows;
  if (first === undefined) return null;
  return {
    definitions: readAttributes(rows),
    names: rows.map(({ name }) => name as string),
    after: first['filled_to'] as number,
    // Of those that are to be filled less far, what lies above is there already.
    upTo: Math.min(...rows.map(({ fill_to }) => fill_to as number)),
  };
}

/** Keeps what a page of the log says about attributes that are being filled, and how far they are: null where the page is the last. */
export async function fillFrom(
  tx: Transaction,
  { definitions, names }: FillingAttributes,
  events: readonly RecordedEvent[],
  filledTo: number,
  open: SealedOpener | null,
): Promise<void> {
  await recordAttributeFacts(tx, definitions, events, open);
  await tx.query(
    `DELETE FROM attribute_facts f USING subjects s
      WHERE f.opened AND f.name = ANY($1::text[]) AND s.subject_id = f.subject_id AND s.erased_at IS NOT NULL`,
    [arrayText(names)],
  );
  await tx.query(
    `UPDATE attribute_definitions SET filled_to = CASE WHEN fill_to > $2::bigint THEN $2::bigint END,
            fill_to = CASE WHEN fill_to > $2::bigint THEN fill_to END
      WHERE name = ANY($1::text[])`,
    [arrayText(names), filledTo],
  );
}
