/** A touchpoint that ingestion accepts, as a document of our JSON form. */
export const orderPlaced = (overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  id: 'o-1',
  source: 'shop',
  type: 'order-placed',
  time: '2026-01-31T11:00:00Z',
  channel: 'web',
  identifiers: [
    { namespace: 'email', value: 'jane@shop.example' },
    { namespace: 'userId', value: 'u1' },
  ],
  data: { orderId: 'o-1', currency: 'EUR', totalMinor: 1999 },
  ...overrides,
});
