import { formatInstant, parseInstant } from '#contracts';
import { fromWall } from '#lifecycle';
import type { SourceProfile } from '../sources/sources.js';
import type { TypeContract } from '../types/type-contracts.js';
import type { Envelope } from './envelope.js';
import type { Separation } from './separator.js';

/**
 * What a source's settings add to an event that does not state it itself. None of it is part of the content: the hash covers what the source said,
 * so a retry after a change of the settings is still a duplicate. `meta.defaulted` names what was added, so that the hash can be recomputed from
 * what the log holds.
 */

/** A document with what its source's settings say of its envelope. */
export interface CompletedDocument {
  readonly document: Readonly<Record<string, unknown>>;
  readonly channel: boolean;
  /** The time that the event states, as its zone's clock shows it (`2026-03-01T12:00:00`); null where it states an instant, or nothing. */
  readonly local: string | null;
}

/** The fields that may state when an event happened, the one that counts first. */
const TIMES = ['originalTimestamp', 'occurredAt', 'time'] as const;
const LOCAL = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:[.]\d{1,9})?)?))?$/;

/** Completes the envelope of an event; null where its source adds nothing to it. */
export function completed(
  document: Readonly<Record<string, unknown>>,
  { settings: { channel, timeZone } }: SourceProfile,
): CompletedDocument | null {
  const added: Record<string, unknown> = {};
  const addsChannel = channel !== undefined && document['channel'] === undefined;
  if (addsChannel) added['channel'] = channel;
  let local: string | null = null;
  if (timeZone !== undefined) {
    const stated = TIMES.find((name) => document[name] !== undefined);
    for (const name of [...TIMES, 'sentAt']) {
      const wall = wallOf(document[name]);
      if (wall === null) continue;
      added[name] = formatInstant(fromWall(wall, timeZone));
      if (name === stated) local = formatInstant(wall).slice(0, -1);
    }
  }
  return Object.keys(added).length === 0 ? null : { document: { ...document, ...added }, channel: addsChannel, local };
}

/** A time without an offset as a zone's clock shows it, written as if it were UTC; null for anything else. */
function wallOf(value: unknown): number | null {
  const [, day, time = '00:00'] = (typeof value === 'string' ? LOCAL.exec(value) : null) ?? [];
  if (day === undefined) return null;
  return parseInstant(`${day}T${time.length === 5 ? `${time}:00` : time}Z`);
}

/** What stands in the metadata of an event besides what its envelope says. */
export interface Additions {
  /** JSON fields that follow others. */
  readonly meta: string;
  /** Whether the source's settings, and not the event, mark it as test traffic. */
  readonly test: boolean;
  /** Whether the channel is the source's. */
  readonly channel: boolean;
  readonly local: string | null;
}

/** Most events add nothing, and nothing is made for them. */
export function additionsOf(
  envelope: Envelope,
  completion: CompletedDocument | null,
  source: SourceProfile | null,
  currency: boolean,
): Additions | null {
  const { brand: own, sequence: given } = envelope as { readonly brand?: unknown; readonly sequence?: unknown };
  if (source === null && own === undefined && given === undefined) return null;
  const { settings } = source ?? {};
  const test = settings?.test === true && envelope.test !== true;
  const stated = isBrand(own) ? own : undefined;
  const brand = stated ?? settings?.brand;
  const sequence = sequenceOf(given);
  const defaulted = [
    ...(completion?.channel === true ? ['channel'] : []),
    ...(currency ? ['currency'] : []),
    ...(test ? ['test'] : []),
    ...(stated === undefined && brand !== undefined ? ['brand'] : []),
  ];
  const local = completion?.local ?? null;
  const meta =
    (brand === undefined ? '' : `,"brand":${JSON.stringify(brand)}`) +
    (sequence === null ? '' : `,"sequence":${sequence}`) +
    (local === null ? '' : `,"local":"${local}"`) +
    (defaulted.length === 0 ? '' : `,"defaulted":${JSON.stringify(defaulted)}`);
  return meta === '' ? null : { meta, test, channel: completion?.channel === true, local };
}

const BRAND_MAX = 100;

const isBrand = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= BRAND_MAX && !/\0|\p{Surrogate}/u.test(value);

/** The place of an event in the sequence of its source, as the CloudEvents extension `sequence` states it; null where it is not a whole number. */
function sequenceOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

/** The data with the currency of their source; null where they name one, or where their type has none. */
export function withCurrency(
  data: unknown,
  { hasCurrency }: TypeContract,
  source: SourceProfile | null,
): Readonly<Record<string, unknown>> | null {
  const currency = source?.settings.currency;
  if (currency === undefined || !hasCurrency || typeof data !== 'object' || data === null) return null;
  const object = data as Readonly<Record<string, unknown>>;
  return object['currency'] === undefined ? { ...object, currency } : null;
}

/** The separation of data whose currency is their source's: the hash covers them without it. */
export function hashedWithoutCurrency(separation: Separation): Separation {
  const { data, personal, unknown } = separation.hashed ?? separation;
  const { currency: _, ...stated } = data as Readonly<Record<string, unknown>>;
  return { ...separation, hashed: { data: stated, personal, unknown } };
}
