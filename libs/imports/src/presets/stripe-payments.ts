import type { PresetOptions } from './preset.js';

/** What the preset `stripe-payments` reads, as a mapping. */
export function stripePayments({ source }: PresetOptions): object {
  const currency = { column: 'Currency' };
  const status = { column: 'Status', ignoreCase: true };
  const paid = {
    ...status,
    in: ['paid', 'succeeded', 'refunded', 'partially refunded', 'partially_refunded', 'partial refund', 'disputed'],
  };
  const created = { column: 'Created date (UTC)', aliases: ['Created (UTC)', 'Created'], format: 'iso' };
  const refunded = { column: 'Amount Refunded', aliases: ['Refunded'], columnOptional: true };
  const disputed = { column: 'Disputed Amount', columnOptional: true };
  const money = { as: 'money', currency };
  return {
    comment: [
      'Payments as Stripe exports them (Payments, Export). A payment that went through is an order of its amount; one that failed is a payment-failed.',
      'A payment without an e-mail address or a customer is that of a guest: a customer of its own.',
    ],
    source,
    timeZone: 'UTC',
    id: { column: 'id', aliases: ['ID', 'Id'] },
    decimalSeparator: 'auto',
    occurredAt: created,
    channel: 'web',
    identifiers: [
      {
        namespace: 'email',
        column: 'Customer Email',
        aliases: ['Email', 'Customer email'],
        columnOptional: true,
        optional: true,
      },
      { namespace: 'stripeCustomer', column: 'Customer ID', columnOptional: true, optional: true },
      { namespace: 'guestOrder', column: 'id', aliases: ['ID', 'Id'], prefix: `${source}/`, lastResort: true },
    ],
    touchpoints: [
      {
        type: 'order-placed',
        when: paid,
        data: {
          orderId: { column: 'id', aliases: ['ID', 'Id'] },
          currency,
          totalMinor: { column: 'Amount', ...money },
        },
      },
      {
        type: 'order-returned',
        when: [paid, { ...refunded, greaterThan: 0 }],
        occurredAt: { column: 'Refunded date (UTC)', columnOptional: true, format: 'iso', fallback: created },
        data: {
          orderId: { column: 'id', aliases: ['ID', 'Id'] },
          currency,
          amountMinor: { ...refunded, ...money, sign: 'absolute' },
        },
      },
      {
        type: 'order-returned',
        suffix: '/dispute',
        when: [
          { column: 'Dispute Status', columnOptional: true, equals: 'lost', ignoreCase: true },
          { ...disputed, greaterThan: 0 },
        ],
        occurredAt: { column: 'Dispute Date (UTC)', columnOptional: true, format: 'iso', fallback: created },
        data: {
          orderId: { column: 'id', aliases: ['ID', 'Id'] },
          currency,
          amountMinor: { ...disputed, ...money, sign: 'absolute' },
        },
      },
      {
        type: 'payment-failed',
        when: { ...status, in: ['failed', 'blocked'] },
        data: {
          paymentId: { column: 'id', aliases: ['ID', 'Id'] },
          currency,
          amountMinor: { column: 'Amount', ...money },
        },
      },
    ],
  };
}
