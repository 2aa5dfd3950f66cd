import type { PresetOptions } from './preset.js';

/** What the preset `shopify-orders` reads, as a mapping. The names of the columns are those of the shop's own export of orders. */
export function shopifyOrders({ source }: PresetOptions): object {
  const currency = { column: 'Currency' };
  const cancelled = {
    any: [
      { column: 'Cancelled at', columnOptional: true, present: true },
      { column: 'Financial Status', columnOptional: true, equals: 'voided', ignoreCase: true },
    ],
  };
  const refunded = { column: 'Refunded Amount', columnOptional: true, greaterThan: 0 };
  return {
    comment: [
      'Orders as Shopify exports them (Orders, Export, CSV): a row for each line of an order, the order itself in the first of them.',
      'The export does not say when a refund was made: it is booked at the time of the order.',
      'An order without an e-mail address or a phone number is that of a guest: a customer of its own.',
    ],
    source,
    groupBy: { column: 'Name', blank: 'continues', identicalRows: 'once' },
    decimalSeparator: 'auto',
    occurredAt: { column: 'Created at', format: 'iso' },
    channel: 'web',
    identifiers: [
      { namespace: 'email', column: 'Email', optional: true, inGroup: 'first' },
      { namespace: 'phone', column: 'Phone', columnOptional: true, optional: true, inGroup: 'first' },
      { namespace: 'guestOrder', column: 'Name', prefix: `${source}/`, lastResort: true },
    ],
    data: { orderId: { column: 'Name' } },
    touchpoints: [
      {
        type: 'order-placed',
        data: {
          currency,
          totalMinor: { column: 'Total', as: 'money', currency },
          coupon: { column: 'Discount Code', columnOptional: true, optional: true, maxLength: 200, inGroup: 'first' },
          lines: {
            when: { column: 'Lineitem name', present: true },
            eachRow: {
              sku: {
                column: 'Lineitem sku',
                columnOptional: true,
                maxLength: 200,
                fallback: { column: 'Lineitem name', maxLength: 200 },
              },
              name: { column: 'Lineitem name', maxLength: 200 },
              quantity: { column: 'Lineitem quantity', as: 'integer' },
              unitPriceMinor: { column: 'Lineitem price', as: 'money', currency },
              discountMinor: {
                column: 'Lineitem discount',
                columnOptional: true,
                optional: true,
                as: 'money',
                sign: 'absolute',
                currency,
              },
            },
          },
        },
      },
      {
        type: 'order-returned',
        when: [refunded, { not: cancelled }],
        data: {
          currency,
          amountMinor: { column: 'Refunded Amount', columnOptional: true, as: 'money', sign: 'absolute', currency },
        },
      },
      {
        type: 'order-returned',
        suffix: '/refunded',
        when: [
          { column: 'Financial Status', columnOptional: true, equals: 'refunded', ignoreCase: true },
          { not: { any: [refunded, cancelled] } },
        ],
        data: { whole: { value: true } },
      },
      {
        type: 'order-cancelled',
        when: cancelled,
        occurredAt: { column: 'Cancelled at', columnOptional: true, fallback: { column: 'Created at' } },
      },
    ],
  };
}
