import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { mappedReader } from '../mapped-reader.js';
import { parseMapping } from '../mapping.js';
import { readWhole, withFile } from '../testdata/read-file.js';
import { proposeMapping } from './propose-mapping.js';

const OPTIONS = { source: 'shop', timeZone: 'Europe/Berlin', currency: 'EUR' };

/** What the proposal for a file says, and what the file gives when it is read by it. */
const proposed = (content: string | Uint8Array, options = OPTIONS, name = 'orders.csv') =>
  withFile(
    content,
    async (path) => {
      const { mapping, remarks } = await proposeMapping({ path, name }, options);
      const read = await readWhole(path, mappedReader(parseMapping(mapping)));
      expect(read.invalid).toEqual([]);
      return { mapping, remarks: remarks.join('\n'), touchpoints: read.touchpoints };
    },
    name,
  );

describe('the proposal of a mapping', () => {
  it('reads a German file of a spreadsheet: encoding, semicolons, decimal comma, dates', async () => {
    const text =
      'Bestellnr;Datum;E-Mail;Name;Betrag\r\n17;31.01.2026 09:30;ann@shop.example;M\u00fcller;1.234,50\r\n18;01.02.2026 10:00;bea@shop.example;M\u00f6ller;12,00\r\n';
    const { mapping, remarks, touchpoints } = await proposed(Buffer.from(text, 'latin1'));
    expect(mapping).toMatchObject({
      csv: { delimiter: ';' },
      decimalSeparator: ',',
      occurredAt: { column: 'Datum', format: 'dd.MM.yyyy HH:mm' },
      id: { column: 'Bestellnr' },
    });
    expect(String(mapping['encoding'])).toMatch(/windows-1252|iso-8859/);
    expect(remarks).toContain('"encoding"');
    expect(touchpoints.map(({ id, occurredAt, data }) => [id, occurredAt, data['totalMinor']])).toEqual([
      ['17', '2026-01-31T08:30:00Z', 123450],
      ['18', '2026-02-01T09:00:00Z', 1200],
    ]);
  });

  it('groups rows that have one order, with their lines, refunds and cancellations', async () => {
    const rows = [
      'Order ID,Created at,Email,Currency,Total,Refunded Amount,Cancelled at,SKU,Quantity,Item price',
      'A1,2024-07-05 14:22:09 +0200,ann@shop.example,eur,50.00,5.00,,T-1,2,10.00',
      'A1,2024-07-05 14:22:09 +0200,ann@shop.example,eur,,,,P-1,1,30.00',
      'A2,2024-12-05 14:22:09 +0100,bea@shop.example,eur,7.00,,2024-12-06 09:00:00 +0100,T-1,1,7.00',
    ];
    const { mapping, touchpoints } = await proposed(rows.join('\n'));
    expect(mapping).toMatchObject({ groupBy: { column: 'Order ID' } });
    expect(
      touchpoints.map(({ type, occurredAt, data }) => [type, occurredAt, data['totalMinor'] ?? data['amountMinor']]),
    ).toEqual([
      ['order-placed', '2024-07-05T12:22:09Z', 5000],
      ['order-returned', '2024-07-05T12:22:09Z', 500],
      ['order-placed', '2024-12-05T13:22:09Z', 700],
      ['order-cancelled', '2024-12-06T08:00:00Z', undefined],
    ]);
    expect(touchpoints[0]?.data['lines']).toEqual([
      { sku: 'T-1', quantity: 2, unitPriceMinor: 1000 },
      { sku: 'P-1', quantity: 1, unitPriceMinor: 3000 },
    ]);
  });

  it('adds up the amounts of rows where an order has no total of its own', async () => {
    const rows = [
      'invoice,date,customer,amount',
      '1,2024-01-01,c1,10.00',
      '1,2024-01-01,c1,2.50',
      '2,2024-01-02,c2,3.00',
    ];
    const { touchpoints, remarks } = await proposed(rows.join('\n'));
    expect(touchpoints.map(({ data }) => data['totalMinor'])).toEqual([1250, 300]);
    expect(remarks).toContain('added up');
  });

  it('takes negative amounts for returns, and a hash for a missing number', async () => {
    const rows = ['customer,when,amount', 'c1,3/14/24 2:05 PM,10.00', 'c1,3/15/24 9:00 AM,-4.00'];
    const { touchpoints, remarks } = await proposed(rows.join('\n'));
    expect(
      touchpoints.map(({ type, occurredAt, data }) => [type, occurredAt, data['totalMinor'] ?? data['amountMinor']]),
    ).toEqual([
      ['order-placed', '2024-03-14T13:05:00Z', 1000],
      ['order-returned', '2024-03-15T08:00:00Z', 400],
    ]);
    expect(remarks).toContain('"orderId"');
  });

  it('says where day and month could be either', async () => {
    const { remarks } = await proposed('order,date,email,total\n1,03/04/2024,ann@shop.example,1\n');
    expect(remarks).toContain('can be read as dd/MM/yyyy and as MM/dd/yyyy');
  });

  it('takes the mapping of a preset where the columns are those of a known system', async () => {
    const rows = [
      'Name,Email,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price',
      '#1,ann@shop.example,USD,5.00,2024-03-05 14:22:09 -0500,1,Tea,5.00',
    ];
    const { remarks, touchpoints } = await proposed(rows.join('\n'));
    expect(remarks).toContain('shopify-orders');
    expect(touchpoints).toHaveLength(1);
  });

  it('reads NDJSON, and says what it did not find', async () => {
    const lines = [{ order: 7, when: '2024-01-01T10:00:00Z', email: 'ann@shop.example', total: '5.00' }];
    const { touchpoints, mapping } = await proposed(
      lines.map((line) => JSON.stringify(line)).join('\n'),
      OPTIONS,
      'a.ndjson',
    );
    expect(mapping['format']).toBe('ndjson');
    expect(touchpoints).toMatchObject([{ id: '7', data: { totalMinor: 500 } }]);
    await withFile('a,b\nx,y\n', async (path) => {
      const { remarks } = await proposeMapping({ path, name: 'x.csv' }, OPTIONS);
      expect(remarks.join(' ')).toMatch(/"occurredAt".*"totalMinor".*"identifiers"/);
    });
  });
});
