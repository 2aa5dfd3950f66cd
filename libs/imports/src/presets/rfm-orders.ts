import type { PresetOptions } from './preset.js';

const CUSTOMER = [
  ...['customer_id', 'customer', 'Customer', 'Customer ID', 'CustomerID', 'customerID', 'customerId', 'customer_name'],
  ...['Customer Name', 'client', 'client_id', 'user', 'user_id', 'userId', 'id_customer', 'email', 'Email'],
];
const DATE = [
  ...['order_date', 'date', 'Date', 'Order Date', 'orderDate', 'OrderDate', 'purchase_date', 'Purchase Date'],
  ...['invoice_date', 'InvoiceDate', 'transaction_date', 'timestamp', 'day'],
];
const AMOUNT = [
  ...[
    'amount',
    'Amount',
    'revenue',
    'Revenue',
    'total',
    'Total',
    'order_amount',
    'order_total',
    'order_value',
    'value',
  ],
  ...['sales', 'Sales', 'price', 'monetary', 'monetary_value', 'spend', 'transaction_amount'],
];

/** What the preset `rfm-orders` reads, as a mapping: who, when, how much, without numbers of orders. */
export function rfmOrders({ source, currency: fallback, timeZone }: PresetOptions): object {
  const currency = {
    column: 'currency',
    aliases: ['Currency', 'currency_code'],
    columnOptional: true,
    ...(fallback === null ? {} : { default: fallback }),
  };
  const amount = { ...named(AMOUNT), as: 'money', currency, sign: 'absolute' };
  return {
    comment: [
      'A customer, a date and an amount in each row. The number of an order is a hash of its row, so that a row that occurs twice is two orders.',
      'A negative amount is money given back: it reverses no order.',
    ],
    source,
    timeZone,
    decimalSeparator: 'auto',
    type: { ...named(AMOUNT), bySign: { positive: 'order-placed', negative: 'order-returned' } },
    occurredAt: { ...named(DATE), format: 'iso' },
    identifiers: [
      { namespace: 'userId', ...named(CUSTOMER) },
      {
        namespace: 'email',
        column: 'email',
        aliases: ['Email', 'E-Mail', 'mail'],
        columnOptional: true,
        optional: true,
      },
    ],
    data: { orderId: { rowHash: true }, currency: { ...currency, as: 'currency' } },
    dataByType: { 'order-placed': { totalMinor: amount }, 'order-returned': { amountMinor: amount } },
  };
}

function named([column = '', ...aliases]: readonly string[]): object {
  return { column, aliases };
}
