import { formatInstant } from '#contracts';
import type { SessionRecord } from './session-administration.js';

/** A session as it is shown, with instants in RFC 3339. */
export interface ShownSession {
  readonly id: string;
  readonly principal: string;
  readonly name: string | null;
  readonly begunAt: string;
  readonly lastSeenAt: string;
  readonly endsAt: string;
}

export const sessionView = ({ id, principal, name, begunAt, lastSeenAt, endsAt }: SessionRecord): ShownSession => ({
  ...{ id, principal, name },
  begunAt: formatInstant(begunAt),
  lastSeenAt: formatInstant(lastSeenAt),
  endsAt: formatInstant(endsAt),
});
