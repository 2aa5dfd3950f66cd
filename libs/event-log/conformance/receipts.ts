import { expect, it } from '@jest/globals';
import type { AppendItem, Receipt, ReceiptDraft } from '#event-log';
import { RECEIPT_SOURCE, RECEIPT_TYPE } from '#event-log';
import { collect, contentHash, Samples, only, positionOf, statuses, type LogFixture } from './fixture.js';
import { expectNext } from './positions.js';

/** Receipts: received = accepted + duplicate + quarantined + suppressed, written with their batch. */
export function receiptCases(given: () => LogFixture): void {
  const samples = new Samples();
  const log = () => given().log;

  const draft = (items: ReceiptDraft['items'], suppressed: Record<string, number> = {}): ReceiptDraft => ({
    stream: `receipts-${samples.stream()}`,
    id: samples.id(),
    source: 'shop/eu',
    receivedAt: Date.UTC(2026, 5, 1),
    items,
    suppressed,
  });
  const all = (items: readonly AppendItem[], outcome: 'accepted' | 'quarantined' = 'accepted') =>
    items.map((_, index) => ({ index, outcome }));
  const receiptIn = async ({ stream }: ReceiptDraft): Promise<Receipt> =>
    JSON.parse(only(await collect(log().read(stream))).data) as Receipt;

  it('a receipt counts what its batch came to', async () => {
    const [known, ...fresh] = samples.items(4);
    await log().appendMany([known as AppendItem]);
    const items = [...fresh, known as AppendItem];
    const receipt = draft(
      [0, 1, 2, 3].map((index) => ({ index, outcome: index === 2 ? ('quarantined' as const) : ('accepted' as const) })),
      { 'no-consent': 2, internal: 1 },
    );
    const verdicts = await log().appendMany(items, [receipt]);
    expect(await receiptIn(receipt)).toEqual({
      source: 'shop/eu',
      receivedAt: receipt.receivedAt,
      received: 7,
      accepted: 2,
      quarantined: 1,
      suppressed: { 'no-consent': 2, internal: 1 },
      duplicates: [[known?.event.id, positionOf(verdicts[3])]],
    });
  });

  it('a receipt stands behind its batch, and the verdicts are those of the items alone', async () => {
    const items = samples.items(3);
    const receipt = draft(all(items));
    const verdicts = await log().appendMany(items, [receipt]);
    expect(statuses(verdicts)).toEqual(['accepted', 'accepted', 'accepted']);
    const written = only(await collect(log().read(receipt.stream)));
    expectNext(given(), positionOf(verdicts[2]), [written.position]);
    expect(written).toMatchObject({
      source: RECEIPT_SOURCE,
      id: receipt.id,
      type: RECEIPT_TYPE,
      schemaVersion: 1,
      occurredAt: receipt.receivedAt,
      meta: '{}',
    });
  });

  it('each source of a batch has its own receipt', async () => {
    const items = samples.items(5);
    const drafts = [draft(all(items).slice(0, 2)), draft(all(items).slice(2))];
    await log().appendMany(items, drafts);
    expect((await receiptIn(drafts[0] as ReceiptDraft)).accepted).toBe(2);
    expect((await receiptIn(drafts[1] as ReceiptDraft)).accepted).toBe(3);
  });

  it('refused and reused items are not counted: their quarantine has a receipt of its own', async () => {
    const [known, fresh] = samples.items(2) as [AppendItem, AppendItem];
    await log().appendMany([known]);
    const reused = { ...known, event: { ...known.event, contentHash: contentHash('other') } };
    const bad = { ...fresh, event: { ...fresh.event, id: '' } };
    const items = [fresh, reused, bad];
    const receipt = draft(all(items));
    expect(statuses(await log().appendMany(items, [receipt]))).toEqual(['accepted', 'id-reused', 'rejected']);
    expect(await receiptIn(receipt)).toMatchObject({ received: 1, accepted: 1, quarantined: 0, duplicates: [] });
  });

  it('a receipt that would count nothing is not written', async () => {
    const bad = samples.items(1).map((item) => ({ ...item, event: { ...item.event, type: '' } }));
    const drafts = [draft(all(bad)), draft([]), draft([], { internal: 0 })];
    const before = await log().head();
    await log().appendMany(bad, drafts);
    expect(await log().head()).toEqual(before);
  });

  it('what was only suppressed has a receipt, with no event beside it', async () => {
    const receipt = draft([], { internal: 4 });
    expect(await log().appendMany([], [receipt])).toEqual([]);
    expect(await receiptIn(receipt)).toMatchObject({ received: 4, accepted: 0, suppressed: { internal: 4 } });
  });

  it('a batch sent again has a receipt of duplicates', async () => {
    const items = samples.items(3);
    const first = await log().appendMany(items, [draft(all(items))]);
    const again = draft(all(items));
    await log().appendMany(items, [again]);
    expect(await receiptIn(again)).toMatchObject({
      received: 3,
      accepted: 0,
      duplicates: items.map(({ event }, i) => [event.id, positionOf(first[i])]),
    });
  });

  it('a duplicate within its own batch is counted once as accepted and once as duplicate', async () => {
    const [item] = samples.items(1) as [AppendItem];
    const receipt = draft(all([item, item]));
    await log().appendMany([item, item], [receipt]);
    expect(await receiptIn(receipt)).toMatchObject({
      received: 2,
      accepted: 1,
      duplicates: [[item.event.id, expect.any(Number)]],
    });
  });

  it('a receipt whose id is on record is not written again', async () => {
    const items = samples.items(2);
    const receipt = draft(all(items));
    await log().appendMany(items, [receipt]);
    await log().appendMany(items, [receipt]);
    expect(await receiptIn(receipt)).toMatchObject({ received: 2, accepted: 2, duplicates: [] });
  });

  it('duplicates that would make a receipt too large go on in further ones, and the sum holds', async () => {
    const stream = samples.stream();
    const items = Array.from({ length: 1_200 }, () => ({
      stream,
      event: samples.event({ id: `${samples.id()}${'€'.repeat(320)}` }),
    }));
    await log().appendMany(items);
    const receipt = draft(all(items), { internal: 1 });
    await log().appendMany(items, [receipt]);
    const receipts = (await collect(log().read(receipt.stream))).map(({ data }) => JSON.parse(data) as Receipt);
    expect(receipts.length).toBeGreaterThan(1);
    expect(receipts.reduce((sum, { received }) => sum + received, 0)).toBe(1_201);
    expect(receipts.flatMap(({ duplicates }) => duplicates).map(([id]) => id)).toEqual(
      items.map(({ event }) => event.id),
    );
  });

  it('the equation can be rebuilt from the receipts alone', async () => {
    const drafts: ReceiptDraft[] = [];
    const pool = samples.items(30);
    for (let i = 0; i < 10; i += 1) {
      const items = Array.from({ length: 8 }, (_, j) => pool[(i * 5 + j * 7) % pool.length] as AppendItem);
      const receipt = draft(all(items, i % 2 === 0 ? 'accepted' : 'quarantined'), { internal: i });
      drafts.push(receipt);
      await log().appendMany(items, [receipt]);
    }
    for (const receipt of drafts) {
      const { received, accepted, quarantined, duplicates, suppressed } = await receiptIn(receipt);
      expect(received).toBe(accepted + quarantined + duplicates.length + (suppressed['internal'] ?? 0));
    }
  });
}
