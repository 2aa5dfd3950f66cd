import {
  hashedSchema,
  joinPersonal,
  personalPaths,
  personalPathsOf,
  readSealedFields,
  touchpointSchema,
  type Data,
  type Instant,
  type PersonalFields,
  type SealedIdentifier,
  type TouchpointMeta,
} from '#contracts';
import type { MovedEvent } from '#event-log';
import type { Sealer, SubjectKey } from '#keys';
import {
  canonical,
  contentText,
  factsOf,
  hashedPersonal,
  type QuarantinedData,
  type QuarantinedMeta,
} from '#ingestion';

/** What a content hash covers of a touchpoint. */
export type HashedContent = Parameters<typeof contentText>[0];

/** A touchpoint of the log, as its content hash is looked for. */
export interface ReadTouchpoint {
  readonly event: MovedEvent;
  readonly meta: TouchpointMeta;
  /** What is sealed of it, opened; null where nothing is. */
  readonly personal: string | null;
}

/**
 * Finds the content that gives the content hash of a touchpoint. The hash covers two facts that the log does not hold: whether the source itself stated
 * the version and the time. So the combinations that are possible are tried. Show it the events in the order of the log.
 */
export class HashedContents {
  /** Of what was quarantined with another instant of arrival than its reading: released, an event is dated by that one. */
  private readonly arrivals = new Map<Instant, Set<Instant>>();

  constructor(private readonly sealer: Sealer) {}

  /** An `event-quarantined` of the log. */
  quarantined({ data, meta }: Pick<MovedEvent, 'data' | 'meta'>): void {
    const { receivedAt } = JSON.parse(data) as QuarantinedData;
    const { arrivedAt } = JSON.parse(meta) as QuarantinedMeta;
    if (arrivedAt === undefined || arrivedAt === receivedAt) return;
    const known = this.arrivals.get(receivedAt);
    if (known === undefined) this.arrivals.set(receivedAt, new Set([arrivedAt]));
    else known.add(arrivedAt);
  }

  /** The content that gives the hash of the touchpoint under the key of its own subject; null where none does: then it was changed. */
  find({ event, meta, personal }: ReadTouchpoint, key: SubjectKey): HashedContent | null {
    const { type, schemaVersion: version, contentHash } = event;
    // What the settings of its source said of an event is no part of its content.
    const isDefaulted = (what: 'channel' | 'currency' | 'test'): boolean => meta.defaulted?.includes(what) === true;
    const { test: _, ...unmarked } = meta;
    const common = {
      type,
      facts: factsOf(isDefaulted('test') ? unmarked : meta),
      channel: isDefaulted('channel') ? '' : JSON.stringify(meta.channel),
      subjects: subjectsText(meta.identifiers, ({ subjectId }) => subjectId),
    };
    const statedTimes = this.statedTimes(event, meta);
    const stated = isDefaulted('currency') ? { ...event, data: withoutCurrency(event.data) } : event;
    for (const texts of hashedTexts(stated, personal))
      for (const schemaVersion of ['', version] as const)
        for (const at of statedTimes) {
          const content = { ...common, ...texts, schemaVersion, stated: at };
          if (Buffer.compare(this.sealer.contentHash(key, contentText(content)), contentHash) === 0) return content;
        }
    return null;
  }

  /** What the source may have stated; empty for nothing. Where its clock was corrected, that was against one of the instants of arrival. */
  private statedTimes(
    { occurredAt }: MovedEvent,
    { sentAt, receivedAt, provenance, local }: TouchpointMeta,
  ): (Instant | string)[] {
    if (local !== undefined) return [local];
    if (sentAt === undefined) return [occurredAt, ''];
    const arrivals = [receivedAt, ...(this.arrivals.get(receivedAt) ?? [])];
    if (provenance?.timestamp !== undefined) arrivals.splice(1, 0, provenance.timestamp);
    return [occurredAt, ...arrivals.map((arrivedAt) => occurredAt - arrivedAt + sentAt), ''];
  }
}

/** Data without the currency that the settings of their source gave them; the other fields keep their order. */
function withoutCurrency(data: string): string {
  const { currency: _, ...stated } = JSON.parse(data) as Data;
  return JSON.stringify(stated);
}

/** The identifiers as the content hash covers them. */
export function subjectsText(
  identifiers: readonly SealedIdentifier[],
  idOf: (identifier: SealedIdentifier, at: number) => string,
): string {
  return identifiers.map((identifier, at) => `${identifier.role} ${idOf(identifier, at)} `).join('');
}

/**
 * The texts that the content hash may cover. Provenance is sealed with the personal fields, but is not part of the content. A field that became personal
 * later was hashed where it stood, among the data.
 */
function hashedTexts(
  { type, schemaVersion, data: dataText }: MovedEvent,
  sealed: string | null,
): readonly Pick<HashedContent, 'dataText' | 'personalText'>[] {
  if (sealed === null) return [{ dataText, personalText: '' }];
  const { personal, beside, mixed } = readSealedFields(sealed);
  const { $provenance: _, ...hashed } = beside;
  const textOf = (fields: PersonalFields): string =>
    hashedPersonal(Object.keys(fields).length === 0 ? null : fields, Object.keys(hashed).length === 0 ? null : hashed);
  const inPlace = new Set(pathsHashedInPlace(type, schemaVersion));
  const entries = Object.entries(personal);
  const isInPlace = (pointer: string): boolean => inPlace.has(pointer.replace(/\/\d+(?=\/|$)/g, '/*'));
  const moved = entries.filter(([pointer]) => isInPlace(pointer));
  return [
    { dataText, personalText: textOf(personal) },
    // In an old event, a name of ours may be a field of the data.
    ...(mixed ? [{ dataText, personalText: sealed }] : []),
    ...(moved.length === 0
      ? []
      : [
          {
            dataText: JSON.stringify(canonical(joinPersonal(JSON.parse(dataText) as Data, Object.fromEntries(moved)))),
            personalText: textOf(Object.fromEntries(entries.filter(([pointer]) => !isInPlace(pointer)))),
          },
        ]),
  ];
}

const inPlacePaths = new Map<string, readonly string[]>();

/** The personal fields of a version that the content hash covers among the data. */
function pathsHashedInPlace(type: string, version: number): readonly string[] {
  const name = `${type}@${version}`;
  const known = inPlacePaths.get(name);
  if (known !== undefined) return known;
  const schema = touchpointSchema(type, version);
  if (schema === null) return [];
  const hashed = new Set(personalPathsOf(hashedSchema(schema, [])));
  const paths = personalPaths(type, version).filter((path) => !hashed.has(path));
  inPlacePaths.set(name, paths);
  return paths;
}
