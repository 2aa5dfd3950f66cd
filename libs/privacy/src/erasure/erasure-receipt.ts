import { timingSafeEqual } from 'node:crypto';
import { documentReader, Hint, Matching, Must, Optional } from '#contracts';
import type { EventLog } from '#event-log';
import { canonical, OWN_SOURCES } from '#ingestion';
import type { Sealer } from '#keys';
import { erasureFactId } from './person-erased.js';

/** The receipt for a person who asked for erasure. It holds no personal data. */
export interface ErasureReceipt {
  readonly erasureId: string;
  readonly customerId: string | null;
  /** Subjects whose data can never be opened again, and that can have no new key. */
  readonly subjects: number;
  /** Keys destroyed by this call: none where all were destroyed before. */
  readonly subjectKeysDestroyed: number;
  /** Keys of quarantined bodies in which the person was found, and of requests about the person that waited for an approval, destroyed by this call. */
  readonly bodyKeysDestroyed: number;
  /** Bodies of the person that name another person whose data a legal hold keeps: each is destroyed at the end of that hold. */
  readonly bodiesHeld: number;
  /** Whether all quarantined bodies were searched for the person's identifiers: false in a process without read models. */
  readonly bodiesSearched: boolean;
  /** Quarantined bodies that cannot be searched to their end. They may hold the person; each is destroyed 30 days after it was received. */
  readonly bodiesNotSearchable: number;
  /** Events of the person with text that was stored in the clear before its field became personal. `perennial move` seals it. */
  readonly eventsWithClearText: number;
  /** Position of the erasure in the log: of its newest fact, where it was repeated and destroyed more. */
  readonly position: number;
  /** When it was first recorded, RFC 3339. */
  readonly erasedAt: string;
  /** HMAC-SHA-256 over the fields above as canonical JSON, under the hash key of the engine: only the engine can make it, also after a change. */
  readonly receiptMac: string;
}

/** The receipt with its code. */
export function receiptOf(receipt: Omit<ErasureReceipt, 'receiptMac'>, sealer: Sealer): ErasureReceipt {
  return { ...receipt, receiptMac: macOf(receipt, sealer) };
}

const macOf = (fields: object, sealer: Sealer): string =>
  sealer.authenticationCode('erasure receipt', JSON.stringify(canonical(fields)));

/** A receipt as it is shown again. Any of its fields may have been altered. */
export class ReceiptDocument {
  [field: string]: unknown;
  @Matching('^[0-9a-f]{32}$', 32, 'the id of an erasure')
  @Hint('give the whole receipt, as it was printed')
  readonly erasureId!: string;
  @Optional()
  @Matching('^[0-9a-f]{64}$', 64, 'the code of a receipt, of 64 hex characters')
  @Must('the code of a receipt, of 64 hex characters')
  @Hint('give the whole receipt, as it was printed')
  readonly receiptMac?: string;
}

/** Fields of any name are kept: what was added to a receipt has altered it. */
export const RECEIPT_DOCUMENT = documentReader(ReceiptDocument, { unknownFields: 'keep' });

export type ReceiptVerdict =
  /** This engine made the receipt, no field was altered, and the erasure is on record. */
  | 'genuine'
  /** A field was altered, or another engine made it. */
  | 'altered'
  /** It has no code under a key: an older version made it, and anyone can make one. */
  | 'without-code'
  /** This engine made it, and the log has no such erasure: it is not the log of that time. */
  | 'not-recorded';

/** What each verdict means, in a sentence. */
export const RECEIPT_VERDICTS: Readonly<Record<ReceiptVerdict, string>> = {
  genuine: 'This engine made the receipt, no field of it was altered, and the log records the erasure.',
  altered: 'A field of the receipt was altered, or another engine made it (or this one, under an earlier hash key).',
  'without-code': 'The receipt has no receiptMac: an older version made it, and it proves nothing.',
  'not-recorded':
    'This engine made the receipt, but its log has no such erasure: the log is older than the receipt. Apply the erasure journal, or erase the person again.',
};

/** Says whether a receipt is one of this engine, as it was made. */
export async function checkReceipt(
  receipt: Readonly<Record<string, unknown>>,
  { sealer, log }: { readonly sealer: Sealer; readonly log: Pick<EventLog, 'find'> },
): Promise<ReceiptVerdict> {
  const { receiptMac, ...fields } = receipt;
  if (typeof receiptMac !== 'string') return 'without-code';
  const expected = Buffer.from(macOf(fields, sealer));
  const given = Buffer.from(receiptMac);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'altered';
  const [recorded = null] = await log.find([
    { source: OWN_SOURCES.privacy, id: erasureFactId(String(fields['erasureId']), 1) },
  ]);
  return recorded === null ? 'not-recorded' : 'genuine';
}
