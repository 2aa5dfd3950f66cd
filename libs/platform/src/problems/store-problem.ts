import { Problem } from './problem.js';

/** Whole seconds after which a request may be sent again. */
const RETRY_AFTER_S = 5;

/** A store of the engine, by the class of its errors. They are recognised by name: this lib does not import the libs that declare them. */
const STORES: Readonly<Record<string, 'log' | 'keys' | 'database' | 'journal'>> = {
  EventLogError: 'log',
  KeyStoreError: 'keys',
  DatabaseError: 'database',
  JournalError: 'journal',
};

/**
 * SQLSTATEs under which the same request may succeed later: the server cannot be reached (no code, 08), does not accept this process (28, 3D000),
 * has no resources left (53), is being stopped or started (57P), is a standby (25006), ended the statement or the transaction (57014, 25P03), gave a
 * lock to others (55P03, 40), or its disk fails (58, XX001, XX002).
 */
const MAY_SUCCEED_LATER = /^(?:$|08|28|3D000|53|57|25006|25P03|55P03|40|58|XX00[12])/;
const DISK_FULL = new Set(['full', '53100']);

/** The problem of a request that failed because a store did; null for any other error. */
export function storeProblem(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const store = STORES[error.name];
  const { code } = error as { readonly code?: unknown };
  if (store === undefined || typeof code !== 'string') return null;
  if (DISK_FULL.has(code))
    return new Problem(507, { type: 'disk-full', detail: `${error.message} What was not acknowledged is not stored.` });
  // The store is well, and tells for how long it cannot decide.
  if (code === 'catching-up') return new Problem(503, { type: code, detail: error.message, headers: RETRY_LATER });
  if (store !== 'database')
    return new Problem(503, { type: `${store}-${code}`, detail: error.message, headers: RETRY_LATER });
  if (!MAY_SUCCEED_LATER.test(code)) return null;
  // The message of the server names hosts and roles, which concern the operator alone: the log has it.
  return new Problem(503, {
    type: 'database-unavailable',
    detail:
      'The database of the read models does not answer at present. Touchpoints are still accepted. Send the request again later; ' +
      '/health/ready shows when it answers.',
    headers: RETRY_LATER,
  });
}

const RETRY_LATER = { 'retry-after': String(RETRY_AFTER_S) };
