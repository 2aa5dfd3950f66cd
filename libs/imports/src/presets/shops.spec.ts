import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateEnvelope, validateTouchpointData } from '#contracts';
import { parseMapping } from '../mapping.js';
import { readText } from '../testdata/read-file.js';
import { PRESETS, type PresetOptions } from './index.js';

async function read(name: string, rows: readonly string[], options: Partial<PresetOptions> = {}) {
  const preset = PRESETS.find((each) => each.name === name);
  if (preset === undefined) throw new Error(`There is no preset ${name}.`);
  const whole = { timeZone: 'UTC', currency: null, source: preset.source ?? 'import', ...options };
  const file = await readText(rows.join('\n'), preset.reader(whole));
  for (const touchpoint of file.touchpoints) {
    expect(validateEnvelope(touchpoint)).toMatchObject({ ok: true });
    expect(validateTouchpointData(touchpoint.type, 1, touchpoint.data)).toMatchObject({ ok: true });
  }
  return file;
}

describe('the preset shopify-orders', () => {
  const HEADER =
    'Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,' +
    'Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,' +
    'Lineitem taxable,Lineitem fulfillment status,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Id,Phone,Lineitem discount';
  interface Cells {
    readonly [column: string]: string;
  }
  const row = (line: Cells): string =>
    HEADER.split(',')
      .map((column) => line[column] ?? '')
      .join(',');
  const ORDER = {
    Name: '#1001',
    Email: 'ann@shop.test',
    'Financial Status': 'paid',
    Currency: 'EUR',
    Total: '50.00',
    'Created at': '2024-07-05 00:14:09 +0200',
    'Lineitem quantity': '2',
    'Lineitem name': 'Tea',
    'Lineitem price': '10.00',
    'Lineitem sku': 'TEA-1',
    'Refunded Amount': '0.00',
  };
  const LINE = {
    Name: '#1001',
    Email: 'ann@shop.test',
    'Created at': '2024-07-05 00:14:09 +0200',
    'Lineitem quantity': '1',
    'Lineitem name': 'Pot, large',
    'Lineitem price': '30.00',
    'Lineitem discount': '0.00',
  };
  const touched = async (...lines: readonly Cells[]) => {
    const { touchpoints, invalid } = await read('shopify-orders', [HEADER, ...lines.map(row)]);
    expect(invalid).toEqual([]);
    return touchpoints.map(({ id, type, occurredAt, data }) => [id, type, occurredAt, data]);
  };

  it('makes one order of its rows, at the instant that its offset says', async () => {
    const { 'Lineitem name': _name, ...pot } = LINE;
    const orders = await touched(ORDER, { ...pot, 'Lineitem name': 'Pot' });
    expect(orders).toEqual([
      [
        '#1001',
        'order-placed',
        '2024-07-04T22:14:09Z',
        {
          orderId: '#1001',
          currency: 'EUR',
          totalMinor: 5000,
          lines: [
            { sku: 'TEA-1', name: 'Tea', quantity: 2, unitPriceMinor: 1000 },
            { sku: 'Pot', name: 'Pot', quantity: 1, unitPriceMinor: 3000, discountMinor: 0 },
          ],
        },
      ],
    ]);
  });

  it('makes the same order of rows that are in the file twice', async () => {
    const pot = { ...LINE, 'Lineitem name': 'Pot' };
    expect(await touched(ORDER, pot, ORDER, pot)).toEqual(await touched(ORDER, pot));
  });

  it.each([
    [
      'a part refunded',
      { 'Refunded Amount': '4.50', 'Financial Status': 'partially_refunded' },
      ['#1001/order-returned', 'order-returned', 'created', { amountMinor: 450, currency: 'EUR' }],
    ],
    [
      'refunded',
      { 'Refunded Amount': '50.00', 'Financial Status': 'refunded' },
      ['#1001/order-returned', 'order-returned', 'created', { amountMinor: 5000, currency: 'EUR' }],
    ],
    [
      'refunded without an amount',
      { 'Refunded Amount': '', 'Financial Status': 'refunded' },
      ['#1001/refunded', 'order-returned', 'created', { whole: true }],
    ],
    [
      'cancelled',
      { 'Cancelled at': '2024-07-06 10:00:00 +0200' },
      ['#1001/order-cancelled', 'order-cancelled', '2024-07-06T08:00:00Z', {}],
    ],
    [
      'cancelled and refunded',
      { 'Cancelled at': '2024-07-06 10:00:00 +0200', 'Refunded Amount': '50.00', 'Financial Status': 'refunded' },
      ['#1001/order-cancelled', 'order-cancelled', '2024-07-06T08:00:00Z', {}],
    ],
    ['voided', { 'Financial Status': 'voided' }, ['#1001/order-cancelled', 'order-cancelled', 'created', {}]],
  ])('tells an order that was %s', async (_, change, [id, type, at, data]) => {
    const [placed, reversal, ...others] = await touched({ ...ORDER, ...change });
    expect(others).toEqual([]);
    expect(placed?.[0]).toBe('#1001');
    const instant = at === 'created' ? '2024-07-04T22:14:09Z' : at;
    expect(reversal).toEqual([id, type, instant, { orderId: '#1001', ...(data as object) }]);
  });

  it('makes a customer of its own of each guest', async () => {
    const guest = { ...ORDER, Email: '' };
    const { touchpoints } = await read('shopify-orders', [HEADER, row(guest), row({ ...guest, Name: '#1002' })], {
      source: 'shop-eu',
    });
    expect(touchpoints.map(({ source, identifiers }) => [source, identifiers])).toEqual([
      ['shop-eu', [{ namespace: 'guestOrder', value: 'shop-eu/#1001', role: 'self' }]],
      ['shop-eu', [{ namespace: 'guestOrder', value: 'shop-eu/#1002', role: 'self' }]],
    ]);
  });

  it('reads an export of few columns', async () => {
    const rows = [
      'Name,Email,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price',
      '#7,a@shop.test,USD,5.00,2024-03-05 14:22:09 -0500,1,Tea,5.00',
    ];
    const { touchpoints } = await read('shopify-orders', rows);
    expect(touchpoints).toMatchObject([{ occurredAt: '2024-03-05T19:22:09Z', data: { totalMinor: 500 } }]);
  });
});

describe('the preset woocommerce-orders', () => {
  const HEADER =
    'Order Number,Order Status,Order Date,Email (Billing),Order Refund Amount,Order Total Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost';

  it('reads the rows of an order, and what became of it, in the currency that it is given', async () => {
    const rows = [
      HEADER,
      '501,Completed,2024-01-15 12:00,a@shop.test,0,30.00,T-1,1,Tea,2,10.00',
      '501,,,,,,P-1,2,Pot,1,10.00',
      '502,Refunded,2024-01-16 12:00,b@shop.test,5.00,5.00,,1,Tea,1,5.00',
      '503,Refunded,2024-01-16 12:00,b@shop.test,,5.00,,1,Tea,1,5.00',
      '504,wc-cancelled,2024-01-17 12:00,c@shop.test,,5.00,,1,Tea,1,5.00',
      '505,Pending payment,2024-01-17 12:00,c@shop.test,,5.00,,1,Tea,1,5.00',
      '506,Failed,2024-01-17 12:00,c@shop.test,,5.00,,1,Tea,1,5.00',
      '507,Completed,2024-01-18 12:00,,-2.00,5.00,,1,Tea,1,5.00',
    ];
    const { touchpoints, invalid, report } = await read('woocommerce-orders', rows, {
      currency: 'EUR',
      timeZone: 'Europe/Berlin',
    });
    expect(invalid).toEqual([]);
    expect(touchpoints.map(({ id, data }) => [id, data['totalMinor'] ?? data['amountMinor'] ?? data['whole']])).toEqual(
      [
        ['501', 3000],
        ['502', 500],
        ['502/order-returned', 500],
        ['503', 500],
        ['503/refunded', true],
        ['504', 500],
        ['504/order-cancelled', undefined],
        ['507', 500],
        ['507/order-returned', 200],
      ],
    );
    expect(touchpoints[0]).toMatchObject({
      occurredAt: '2024-01-15T11:00:00Z',
      data: { currency: 'EUR', lines: [{ sku: 'T-1' }, { sku: 'P-1' }] },
    });
    expect([...report.notices.values()]).toEqual([2]);
  });

  it('reads the columns of the other plugin, with their currency', async () => {
    const rows = [
      'order_id,order_number,date,status,order_total,refunded_total,order_currency,billing_email,item_name,item_sku,item_quantity,item_price',
      '71,1071,2024-01-15 12:00:00,completed,1200,0,jpy,a@shop.test,Tea,T-1,2,600',
    ];
    const { touchpoints } = await read('woocommerce-orders', rows);
    expect(touchpoints).toMatchObject([
      { id: '1071', data: { currency: 'JPY', totalMinor: 1200, lines: [{ unitPriceMinor: 600 }] } },
    ]);
  });
});

describe('the preset stripe-payments', () => {
  const HEADER =
    'id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Status,Customer ID,Customer Email,Refunded date (UTC),Disputed Amount,Dispute Date (UTC),Dispute Status';

  it('reads payments, refunds, lost disputes and failures', async () => {
    const rows = [
      HEADER,
      'ch_1,2024-01-05 14:22:09,19.99,0.00,usd,true,Paid,cus_1,a@shop.test,,,,',
      'ch_2,2024-01-06 14:22,"399,00","20,31",eur,true,Paid,,b@shop.test,2024-02-01 08:00,,,',
      'ch_3,2024-01-07 14:22,1200,1200,jpy,true,Refunded,,c@shop.test,,,,',
      'ch_4,2024-01-08 14:22,5.00,0.00,usd,false,Failed,,d@shop.test,,,,',
      'ch_5,2024-01-09 14:22,7.00,0.00,usd,true,Paid,,,,7.00,2024-03-01 09:00,lost',
      'ch_6,2024-01-09 14:22,8.00,0.00,usd,false,requires_payment_method,,,,,,',
    ];
    const { touchpoints, invalid, report } = await read('stripe-payments', rows, { timeZone: 'America/New_York' });
    expect(invalid).toEqual([]);
    expect(
      touchpoints.map(({ id, type, occurredAt, data }) => [
        id,
        type,
        occurredAt,
        data['currency'],
        data['totalMinor'] ?? data['amountMinor'],
      ]),
    ).toEqual([
      ['ch_1', 'order-placed', '2024-01-05T14:22:09Z', 'USD', 1999],
      ['ch_2', 'order-placed', '2024-01-06T14:22:00Z', 'EUR', 39900],
      ['ch_2/order-returned', 'order-returned', '2024-02-01T08:00:00Z', 'EUR', 2031],
      ['ch_3', 'order-placed', '2024-01-07T14:22:00Z', 'JPY', 1200],
      ['ch_3/order-returned', 'order-returned', '2024-01-07T14:22:00Z', 'JPY', 1200],
      ['ch_4/payment-failed', 'payment-failed', '2024-01-08T14:22:00Z', 'USD', 500],
      ['ch_5', 'order-placed', '2024-01-09T14:22:00Z', 'USD', 700],
      ['ch_5/dispute', 'order-returned', '2024-03-01T09:00:00Z', 'USD', 700],
    ]);
    expect(touchpoints[6]?.identifiers).toEqual([{ namespace: 'guestOrder', value: 'stripe/ch_5', role: 'self' }]);
    expect([...report.notices]).toEqual([['rows that no touchpoint was made of, as "when" says', 1]]);
  });

  it('reads the names of columns of older exports', async () => {
    const { touchpoints } = await read('stripe-payments', [
      'id,Created (UTC),Amount,Currency,Status,Customer Email',
      'ch_1,2024-01-05 14:22,19.99,usd,Paid,a@shop.test',
    ]);
    expect(touchpoints).toHaveLength(1);
  });
});

describe('the preset rfm-orders', () => {
  it('reads a customer, a date and an amount, each row an order', async () => {
    const rows = [
      '"customer_id","order_date","revenue","email"',
      '"Brion",2004-12-20,32,"brion@mail.test"',
      '"Brion",2004-12-20,32,"brion@mail.test"',
      '"Ethyl",2005-05-02,-3.5,""',
    ];
    const { touchpoints, invalid } = await read('rfm-orders', rows, { currency: 'USD', timeZone: 'America/New_York' });
    expect(invalid).toEqual([]);
    expect(
      touchpoints.map(({ type, occurredAt, identifiers, data }) => [
        type,
        occurredAt,
        identifiers[0]?.value,
        data['totalMinor'] ?? data['amountMinor'],
      ]),
    ).toEqual([
      ['order-placed', '2004-12-20T05:00:00Z', 'Brion', 3200],
      ['order-placed', '2004-12-20T05:00:00Z', 'Brion', 3200],
      ['order-returned', '2005-05-02T04:00:00Z', 'Ethyl', 350],
    ]);
    expect(new Set(touchpoints.map(({ data }) => data['orderId'])).size).toBe(3);
  });

  it('names what it looked for where a column is missing', async () => {
    await expect(read('rfm-orders', ['kunde,datum,betrag', 'a,b,1'], { currency: 'EUR' })).rejects.toThrow(
      "no column 'amount' or 'Amount'",
    );
  });
});

describe('a preset that is a mapping', () => {
  it.each(PRESETS.flatMap(({ name, mapping }) => (mapping === undefined ? [] : [[name, mapping] as const])))(
    '%s can be printed and read as one',
    (_, mapping) => {
      const document = mapping({ timeZone: 'Europe/Berlin', currency: 'EUR', source: 'shop' });
      expect(JSON.parse(JSON.stringify(document))).toEqual(document);
      expect(() => parseMapping(document)).not.toThrow();
    },
  );
});
