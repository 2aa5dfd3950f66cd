import { STREAMS, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import type { KeyStore } from '#keys';
import { KeyStoreError } from '#keys';
import { StoreMismatchError } from '#platform';
import { factEvent } from './facts/fact-event.js';
import { OWN_SOURCES } from './pipeline/envelope.js';

const ATTEMPTS_MAX = 10;

/** Which hash key the log was written under, as it is on record. */
export interface AdoptedHashKey {
  /** The check of the key; null where no engine has written to the log yet. */
  readonly check: string | null;
  /** What an append of the adoption expects of the stream: the server decides by it, whatever event ids it remembers. */
  readonly expected: number | 'no-stream';
}

/**
 * Reads the stream in which hash keys are adopted. An engine decides by what is on record, never by the verdict of an append: EventStoreDB remembers
 * recent event ids only.
 * @throws StoreMismatchError `two-hash-keys` where two engines with different keys have written to the log
 */
export async function adoptedHashKey(log: Pick<EventLog, 'read'>): Promise<AdoptedHashKey> {
  let first: { readonly check: string; readonly position: number } | null = null;
  let last: number | null = null;
  for await (const page of log.read(STREAMS.privacy))
    for (const { type, data, position, revision } of page) {
      last = revision;
      if (type !== 'hash-key-adopted') continue;
      const { check } = JSON.parse(data) as { readonly check: string };
      if (first === null) first = { check, position };
      else if (first.check !== check)
        throw new StoreMismatchError(
          'two-hash-keys',
          `Two engines with different keys have written to this event log: ${first.check} adopted it at position ${first.position}, ` +
            `and ${check} at position ${position}. What the second one stored has other subject ids, and no erasure reaches it. Start no engine on this log; ` +
            `restore the log from a backup made before position ${position}, and start the engine with the keys of ${first.check} on it.`,
        );
    }
  return { check: first?.check ?? null, expected: last ?? 'no-stream' };
}

/** @throws KeyStoreError `other-hash-key` */
export function mustBeAdopted({ check }: AdoptedHashKey, keys: Pick<KeyStore, 'hashKeyCheck'>): void {
  if (check !== null && check !== keys.hashKeyCheck)
    throw new KeyStoreError(
      'other-hash-key',
      `The log was written under another hash key: it was adopted by the key ${check}, and the key store holds ${keys.hashKeyCheck}. ` +
        'Start the engine with the key store that belongs to this log: its DATA_DIR or its KEYS_URL.',
    );
}

/** Records the hash key in a log that has none. Of two engines that start at once one succeeds, and the other reads what it recorded. */
export async function adoptHashKey(log: EventLog, keys: Pick<KeyStore, 'hashKeyCheck'>, now: Instant): Promise<void> {
  const check = keys.hashKeyCheck;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const adopted = await adoptedHashKey(log);
    mustBeAdopted(adopted, keys);
    if (adopted.check !== null) return;
    const event = factEvent({
      name: 'hash-key-adopted',
      source: OWN_SOURCES.privacy,
      id: 'hash-key',
      occurredAt: now,
      contentHash: Buffer.from(check, 'hex'),
      data: { check },
    });
    const [verdict] = await log.append(STREAMS.privacy, adopted.expected, [event]);
    if (verdict?.status === 'rejected') throw new Error(`The hash key cannot be recorded: ${verdict.reason}`);
    // Whatever else the verdict is, what is on record decides.
    if (verdict?.status === 'accepted') return;
  }
  throw new Error('The log did not record the hash key, and no other process did: start the engine again.');
}
