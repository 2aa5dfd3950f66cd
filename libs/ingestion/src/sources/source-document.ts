import {
  AnyObject,
  Currency,
  Default,
  Describe,
  documentReader,
  Flag,
  Hint,
  Id,
  issueUnder,
  nearest,
  OneOf,
  Optional,
  Origins,
  OrNull,
  Part,
  pointerTo,
  SOURCE_KINDS,
  Text,
  TOUCHPOINT_TYPES,
  type DocumentRule,
  type SourceSettings,
  TypeNames,
  TypeVersions,
  type TypeRegistry,
  type ValidationIssue,
} from '#contracts';
import { KeyRates } from '#keys';
import { isTimeZone } from '#lifecycle';
import { isReservedSource } from '../pipeline/envelope.js';
import { mappingIssues } from '../tracking/own-mapping.js';

/** A source as an operator describes it. */
export class SourceDocument {
  @Id(512)
  @Describe('The name of the source, exactly as its events state it in `source`')
  @Hint('give the name that its events carry, such as shop or shop/web')
  readonly name!: string;

  @OneOf(...SOURCE_KINDS)
  @Describe('How it reaches the engine: api (HTTP), segment (calls of an analytics library), kafka, file (imports)')
  readonly kind!: (typeof SOURCE_KINDS)[number];

  @Default(false)
  @Flag()
  @Describe(
    'Whether it sends test or internal traffic: its events are marked when they come in, and count in no figure',
  )
  readonly test!: boolean;

  @Optional()
  @TypeNames()
  @Describe('The types that it may send; all of them by default. Events of other types are quarantined')
  readonly types?: string[];

  @Optional() @Text() @Describe('The channel of its events that state none') readonly channel?: string;

  @Optional() @Currency() @Describe('The currency of its events that state none') readonly currency?: string;

  @Optional()
  @Text(64)
  @Describe('The time zone in which it states times without an offset, such as Europe/Berlin')
  readonly timeZone?: string;

  @Optional() @Text(100) @Describe('The brand of its events that state none') readonly brand?: string;

  @Optional()
  @TypeVersions()
  @Describe('Its schema contract: the version of a type’s data that it sends, by type')
  readonly versions?: Record<string, number>;

  @Optional()
  @Origins()
  @Describe(
    'The web origins whose pages may send with its key, such as https://shop.example; "*" for all, none by default',
  )
  @Hint('give scheme, host and port without a path, such as https://shop.example')
  readonly origins?: string[];

  @Optional()
  @AnyObject()
  @Describe('How the events of its analytics library become touchpoints: see docs/tracking.md')
  readonly tracking?: Record<string, unknown>;
}

const nameIsFree: DocumentRule<SourceDocument> = ({ name }) =>
  isReservedSource(name)
    ? [
        {
          pointer: '#/name',
          detail: 'is a name that the engine uses itself',
          hint: 'give the source a name of its own',
        },
      ]
    : name.includes('*')
      ? [
          {
            pointer: '#/name',
            detail: 'must not hold an asterisk, which stands for several sources in the scope of a key',
            hint: 'register each source by its own name',
          },
        ]
      : [];

const zoneIsKnown: DocumentRule<SourceDocument> = ({ timeZone }) =>
  timeZone === undefined || isTimeZone(timeZone)
    ? []
    : [{ pointer: '#/timeZone', detail: 'is not a known time zone', hint: 'give a name such as Europe/Berlin' }];

/** Reads the description of a source. */
export const SOURCE_DOCUMENT = documentReader(SourceDocument, { rules: [nameIsFree, zoneIsKnown] });

/** Kinds that send over HTTP, with a key. Topics and files are read by the engine itself. */
const KINDS_WITH_KEY: readonly string[] = ['api', 'segment'];

export const needsKey = (kind: string): boolean => KINDS_WITH_KEY.includes(kind);

/** A source to create: what it is, and what its key may do. */
class NewSourceDocument extends SourceDocument {
  @Optional()
  @Part(() => KeyRates)
  @Describe('What its key may do in a minute, in each process; a rate that is left out is that of a channel')
  readonly rate?: KeyRates;
}

const rateIsOfAKey: DocumentRule<NewSourceDocument> = ({ kind, rate }) =>
  rate === undefined || needsKey(kind)
    ? []
    : [
        {
          pointer: '#/rate',
          detail: `is of no use to a source of the kind ${kind}, which has no key`,
          hint: 'leave it out: topics and files are read no faster than they are stored',
        },
      ];

/** Reads a source to create. */
export const NEW_SOURCE_DOCUMENT = documentReader(NewSourceDocument, {
  rules: [nameIsFree, zoneIsKnown, rateIsOfAKey],
});

/** What a change may say: any field but the name; null removes what was said before. */
export class SourceChanges {
  @Optional() @OneOf(...SOURCE_KINDS) readonly kind?: string;
  @Optional() @Flag() readonly test?: boolean;
  @Optional() @OrNull(TypeNames()) readonly types?: readonly string[] | null;
  @Optional() @OrNull(Text()) readonly channel?: string | null;
  @Optional() @OrNull(Currency()) readonly currency?: string | null;
  @Optional() @OrNull(Text(64)) readonly timeZone?: string | null;
  @Optional() @OrNull(Text(100)) readonly brand?: string | null;
  @Optional() @OrNull(TypeVersions()) readonly versions?: Readonly<Record<string, number>> | null;
  @Optional() @OrNull(Origins()) readonly origins?: readonly string[] | null;
  @Optional() @OrNull(AnyObject()) readonly tracking?: Readonly<Record<string, unknown>> | null;
}

const changesSomething: DocumentRule<SourceChanges> = (changes) =>
  Object.keys(changes).length > 0
    ? []
    : [{ pointer: '#', detail: 'changes nothing', hint: 'give at least one field, such as {"channel": "app"}' }];

/** Reads changes to a source. */
export const SOURCE_CHANGES = documentReader(SourceChanges, { rules: [changesSomething] });

/** The settings after changes; a field that is null is removed. */
export function changedSettings(settings: SourceSettings, changes: SourceChanges): unknown {
  return Object.fromEntries(
    Object.entries({ ...settings, ...changes }).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** What is wrong with the types that a source names: each must be one that the engine knows, in a version that there is. */
export function typeIssues(
  { types = [], versions = {}, tracking }: SourceSettings,
  registry: TypeRegistry,
): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  types.forEach((name, at) => {
    if (registry.type(name) === null) issues.push(unknownType(name, pointerTo('types', at), registry));
  });
  for (const [name, version] of Object.entries(versions)) {
    const known = registry.type(name);
    if (known === null) issues.push(unknownType(name, pointerTo('versions', name), registry));
    else if (registry.schema(name, version) === null)
      issues.push({
        pointer: pointerTo('versions', name),
        detail: `must be a version of ${name} from 1 to ${known.version}`,
        hint: 'give a version that exists, or leave the type out for the newest',
      });
  }
  if (tracking !== undefined)
    for (const issue of mappingIssues(tracking, registry)) issues.push(issueUnder(pointerTo('tracking'), issue));
  return issues;
}

function unknownType(name: string, pointer: string, registry: TypeRegistry): ValidationIssue {
  const likely = nearest(
    name,
    [...TOUCHPOINT_TYPES, ...registry.custom()].map((type) => type.name),
  );
  return {
    pointer,
    detail: 'is neither a type of the catalogue nor a registered type',
    hint: likely === null ? 'register the type first; GET /v1/types lists all of them' : `did you mean ${likely}?`,
  };
}
