import { formatInstant } from '#contracts';
import type { ApiKeyRecord } from './api-keys.js';

type Instants = 'createdAt' | 'expiresAt' | 'lastUsedAt' | 'revokedAt' | 'blockedAt';

/** A key as it is shown: its instants in RFC 3339. */
export type ShownKey = Omit<ApiKeyRecord, Instants> & {
  readonly [Name in Instants]: ApiKeyRecord[Name] extends number ? string : string | null;
};

export const keyView = (record: ApiKeyRecord): ShownKey => ({
  ...record,
  createdAt: formatInstant(record.createdAt),
  expiresAt: instantOrNull(record.expiresAt),
  lastUsedAt: instantOrNull(record.lastUsedAt),
  revokedAt: instantOrNull(record.revokedAt),
  blockedAt: instantOrNull(record.blockedAt),
});

const instantOrNull = (at: number | null): string | null => (at === null ? null : formatInstant(at));
