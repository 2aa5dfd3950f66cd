import {
  documentedSchema,
  NAMESPACE_DOCUMENTATION,
  NAMESPACES,
  TOUCHPOINT_TYPES,
  typeDocumentation,
  type JsonSchema,
  type TypeRegistry,
} from '#contracts';

/** What there is to know of a touchpoint type before one is sent. */
export interface TypeDescription {
  readonly name: string;
  readonly group: string;
  /** Who acts: the customer, the business, or a system. */
  readonly origin: string;
  /** The newest version of its data. */
  readonly version: number;
  /** Whether the business registered it. */
  readonly isCustom: boolean;
  readonly summary: string;
  /** What it does to stage and figures, beyond what the policy's `signals` say. */
  readonly effect?: string;
  /** JSON Schema of `data`. */
  readonly schema: JsonSchema;
  readonly example?: Readonly<Record<string, unknown>>;
}

export interface NamespaceDescription {
  readonly name: string;
  readonly meaning: string;
  readonly normalisation: string;
  readonly example: { readonly given: string; readonly known: string };
}

/** All types, built in and registered, in the order of the catalogue. */
export function typeDescriptions(registry: TypeRegistry): readonly TypeDescription[] {
  return [
    ...TOUCHPOINT_TYPES.map(({ name, group, origin, version }) => {
      const { summary = '', effect, example = {} } = typeDocumentation(name) ?? {};
      const schema = documentedSchema(name) ?? {};
      return {
        ...{ name, group, origin, version, isCustom: false, summary },
        ...(effect === undefined ? {} : { effect }),
        ...{ schema, example },
      };
    }),
    ...registry.custom().map(({ name, group, origin, version }) => ({
      ...{ name, group, origin, version, isCustom: true },
      summary: registry.definition(name)?.description ?? 'A type of the business’s own.',
      effect: 'It moves a customer only where the policy names it in `signals`.',
      schema: registry.schema(name) ?? {},
    })),
  ];
}

/** The namespaces that are known, the strongest first. The list is open. */
export const NAMESPACE_DESCRIPTIONS: readonly NamespaceDescription[] = NAMESPACES.map((name) => {
  const { meaning, normalisation, example } = NAMESPACE_DOCUMENTATION[name];
  const [given, known] = example;
  return { name, meaning, normalisation, example: { given, known } };
});
