import type { ClassConstructor } from 'class-transformer';
import { compile } from '../compiler.js';
import { ValidateIf } from '../decorators.js';
import { annotation, field, schemaOfKind, type JsonSchema } from '../fields.js';
import { inlined } from '../schemas.js';

/**
 * Kinds of fields that documents need beside those of touchpoints: lists, maps and unions made of other kinds; and what
 * stands beside a field: its meaning, its hint, its default, its former name.
 */

/** A field's kind as a decorator: `Text(100)`, `Whole(1, 7)`, `Part(() => Line)`. */
type Kind = PropertyDecorator;

/** Text of at least one character, however long. */
export function NonEmpty(): Kind {
  return composed({ type: 'string', minLength: 1 });
}

/** A list of so many values of one kind: `ListOf(Text(100), 1, 20)`. */
export function ListOf(kind: Kind, minItems = 0, maxItems?: number): Kind {
  return composed({
    type: 'array',
    minItems,
    ...(maxItems === undefined ? {} : { maxItems }),
    items: schemaOfKind(kind),
  });
}

/** An object whose fields have names of the writer's own, and values of one kind: `MapOf(Whole(1, 365))`. */
export function MapOf(kind: Kind): Kind {
  return composed({ type: 'object', additionalProperties: schemaOfKind(kind) });
}

/** Of this kind, or null. */
export function OrNull(kind: Kind): Kind {
  const schema = schemaOfKind(kind);
  const { type, enum: words } = schema;
  if (typeof type !== 'string' || schema['x-part'] !== undefined)
    return composed({ anyOf: [schema, { type: 'null' }] });
  return composed({ ...schema, type: [type, 'null'], ...(Array.isArray(words) ? { enum: [...words, null] } : {}) });
}

/** Of one of several kinds that JSON tells apart: a text or an object, a number or a list. */
export function AnyOf(...kinds: readonly Kind[]): Kind {
  return composed({ anyOf: kinds.map(schemaOfKind) });
}

/** An object of one of several classes. Each declares the field `by` with the words that name it: `@OneOf('seasonal') mode`. */
export function OneOfClasses(by: string, ...classes: readonly (() => ClassConstructor<object>)[]): Kind {
  return composed({
    type: 'object',
    discriminator: { propertyName: by },
    required: [by],
    oneOf: classes.map((part) => ({ type: 'object', 'x-part': part })),
  });
}

/** A number above a bound that is itself too small: a factor above 1, a share above 0. */
export function NumberAbove(above: number, limits: { readonly atMost?: number; readonly below?: number } = {}): Kind {
  const { atMost, below } = limits;
  return composed({
    type: 'number',
    exclusiveMinimum: above,
    ...(atMost === undefined ? {} : { maximum: atMost }),
    ...(below === undefined ? {} : { exclusiveMaximum: below }),
  });
}

/** A plain value: text, a number, true, false or null. */
export function Scalar(): Kind {
  return composed({ type: ['string', 'number', 'boolean', 'null'], 'x-must': 'text, a number, true, false or null' });
}

/** Any value that JSON can hold. */
export function Anything(): Kind {
  return composed({});
}

/** Why a text cannot be what a field holds. */
export interface Unreadable {
  readonly detail: string;
  readonly hint: string;
}

/** The answer of a `TextAs` that cannot read its text: `unreadable('names a file that is not JSON', 'fix the file')`. */
export function unreadable(detail: string, hint: string): { readonly unreadable: Unreadable } {
  return { unreadable: { detail, hint } };
}

/** Text that stands for something else: an address, a file, a list. `read` gives the value, or says by `unreadable` why not. */
export function TextAs<T>(
  must: string,
  read: (text: string) => { readonly value: T } | { readonly unreadable: Unreadable },
): Kind {
  return composed({ type: 'string', 'x-must': must, 'x-parse': read });
}

/** The value that stands for an absent field. */
export function Default(value: unknown): PropertyDecorator {
  return both(annotation({ default: value }), absentIsFine);
}

/** What the field means: its `description` in the schema, in OpenAPI, in the table of settings, in a command's help. */
export function Describe(meaning: string): PropertyDecorator {
  return annotation({ 'x-meaning': meaning });
}

/** How to give the field rightly, in the imperative: the hint of each of its issues, and the end of its description. */
export function Hint(hint: string): PropertyDecorator {
  return annotation({ 'x-hint': hint });
}

/** What the field must be, in words that go on after "must be": in place of those that its schema gives. */
export function Must(must: string): PropertyDecorator {
  return annotation({ 'x-must': must });
}

/** The field may hold a secret: no issue repeats its value. */
export function Secret(): PropertyDecorator {
  return annotation({ 'x-secret': true });
}

/** The field was called so before: an issue at that name says how it is called today. */
export function FormerName(name: string): PropertyDecorator {
  return annotation({ 'x-former-name': name });
}

const absentIsFine: PropertyDecorator = ValidateIf((_object, value) => value !== undefined);

function both(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, key) => {
    for (const decorator of decorators) decorator(target, key);
  };
}

/** A kind whose predicate is its compiled schema. */
function composed(schema: JsonSchema): Kind {
  let validate: ReturnType<typeof compile> | undefined;
  return field(
    schema,
    (value) => (validate ??= compile(inlined(schema) as JsonSchema))(value).ok,
    'as its schema says',
  );
}
