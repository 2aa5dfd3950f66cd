import { formatInstant, parseInstant } from '#contracts';
import { JournalError, type JournaledErasure } from './erasure-journal.js';

const VERSION = 1;
const ID = /^[0-9a-f]{32}$/;

/** An erasure as one line of JSON, without the line feed. */
export function journalLine({
  erasureId,
  subjectIds,
  customerId,
  erasedAt,
  by,
  hashKeyCheck,
  namespaces,
  quarantineIds = [],
}: JournaledErasure): string {
  return JSON.stringify({
    ...{ journal: VERSION, erasureId, erasedAt: formatInstant(erasedAt), subjectIds, customerId, by, hashKeyCheck },
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(quarantineIds.length === 0 ? {} : { quarantineIds }),
  });
}

/** @throws JournalError `torn` where the text is not an erasure. `where`: the line or the message, for people. */
export function readJournalLine(text: string, where: string): JournaledErasure {
  const record = parsed(text);
  const version = record?.['journal'];
  if (typeof version === 'number' && version > VERSION)
    throw new JournalError('torn', `${where} was written by a newer version of the engine: start that version.`);
  const {
    erasureId,
    subjectIds,
    customerId,
    erasedAt,
    by,
    hashKeyCheck,
    namespaces,
    quarantineIds = [],
  } = record ?? {};
  const instant = typeof erasedAt === 'string' ? parseInstant(erasedAt) : null;
  const isId = (value: unknown): value is string => typeof value === 'string' && ID.test(value);
  if (
    version !== VERSION ||
    !isId(erasureId) ||
    !Array.isArray(subjectIds) ||
    subjectIds.length === 0 ||
    !subjectIds.every(isId) ||
    !(customerId === null || isId(customerId)) ||
    instant === null ||
    typeof by !== 'string' ||
    !isId(hashKeyCheck) ||
    !(
      namespaces === undefined ||
      (Array.isArray(namespaces) && namespaces.every((each) => typeof each === 'string'))
    ) ||
    !(Array.isArray(quarantineIds) && quarantineIds.every(isId))
  )
    throw new JournalError(
      'torn',
      `${where} is not an erasure, so an erased person might be readable again. Restore the journal from its own copy, or remove what does not belong there.`,
    );
  return {
    ...{ erasureId, subjectIds, customerId, erasedAt: instant, by, hashKeyCheck },
    ...(namespaces === undefined ? {} : { namespaces: namespaces as readonly string[] }),
    ...(quarantineIds.length === 0 ? {} : { quarantineIds }),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
