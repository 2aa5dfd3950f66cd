import type { Instant } from '#contracts';
import { attributesInForce, type ComputedPart, type ProfilePart, type SavedAttributes } from '#lifecycle';

/** A definition in force, as it is listed. */
export interface AttributeListing {
  readonly name: string;
  readonly version: number;
  readonly description?: string;
  readonly definedAt: string;
  readonly profile?: ProfilePart | undefined;
  readonly computed?: ComputedPart | undefined;
}

/** The definitions in force, by name. */
export function attributeListings(
  attributes: SavedAttributes,
  formatted: (at: Instant) => string,
): readonly AttributeListing[] {
  return attributesInForce(attributes).map((definition) => ({
    ...definition,
    definedAt: formatted(attributes.get(definition.name)?.definedAt ?? 0),
  }));
}
