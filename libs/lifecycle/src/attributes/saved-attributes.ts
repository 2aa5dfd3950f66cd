import type { Instant } from '#contracts';
import { storedAttribute, type AttributeDefinition } from './definition.js';

/** A definition as the log holds it. */
export interface SavedAttribute {
  /** The newest version. */
  readonly definition: AttributeDefinition;
  readonly definedAt: Instant;
  /** True after it was removed: its name keeps its versions, and a new definition goes on with the next one. */
  readonly removed: boolean;
}

/** The definitions by their names. */
export type SavedAttributes = ReadonlyMap<string, SavedAttribute>;

export const NO_ATTRIBUTES: SavedAttributes = new Map();

/** What the fold needs of a fact. */
interface AttributeRecord {
  readonly type: string;
  /** JSON text. */
  readonly data: string;
  readonly occurredAt: Instant;
}

/** The definitions after some more facts, in the order of the log: `attribute-defined` and `attribute-removed`; others are passed over. */
export function foldAttributes(saved: SavedAttributes, facts: readonly AttributeRecord[]): SavedAttributes {
  if (facts.length === 0) return saved;
  const next = new Map(saved);
  for (const { type, data, occurredAt } of facts) {
    const { name, definition } = JSON.parse(data) as { readonly name: string; readonly definition?: unknown };
    const known = next.get(name);
    if (type === 'attribute-defined')
      next.set(name, { definition: storedAttribute(definition), definedAt: occurredAt, removed: false });
    else if (type === 'attribute-removed' && known !== undefined) next.set(name, { ...known, removed: true });
  }
  return next;
}

/** The definitions in force, by name. */
export const attributesInForce = (saved: SavedAttributes): readonly AttributeDefinition[] =>
  [...saved.values()]
    .filter(({ removed }) => !removed)
    .map(({ definition }) => definition)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
