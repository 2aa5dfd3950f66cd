import { describe, expect, it } from '@jest/globals';
import { validateTouchpointData } from '#contracts';
import { readText } from '../testdata/read-file.js';
import { onlineRetailReader } from './online-retail.js';

const FILE = [
  'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
  '1,CUP,RED CUP,6,2011-01-01 10:00:00,2.55,17850.0,United Kingdom',
  '1,TIN,"TIN, SMALL",1,2011-01-01 10:01:00,0.001,17850.0,United Kingdom',
  '2,CUP,RED CUP,2,2011-01-02 10:00:00,2.55,17850.0,United Kingdom',
  '3,CUP,RED CUP,1,2011-01-02 11:00:00,2.55,,United Kingdom',
  '3,CUP,RED CUP,1,2011-01-02 11:00:00,2.55,,United Kingdom',
  '2,BOX,,1,2011-01-02 10:01:00,0.0,17850.0,United Kingdom',
  'C4,CUP,RED CUP,-2,2011-01-03 10:00:00,2.50,17850.0,United Kingdom',
  'C4,BOX,,-1,2011-01-03 10:01:00,1.0,17850.0,United Kingdom',
  'C4,CUP,RED CUP,-5,2011-01-03 10:01:00,2.55,17850.0,United Kingdom',
  'C4,HAT,HAT,-1,2011-01-03 10:01:00,9.99,17850.0,United Kingdom',
  '5,CUP,RED CUP,-1,2011-01-04 10:00:00,2.55,17850.0,United Kingdom',
  'C6,CUP,RED CUP,1,2011-01-04 10:00:00,2.55,17850.0,United Kingdom',
  '7,CUP,RED CUP,1,soon,2.55,17850.0,United Kingdom',
].join('\n');

describe('the online-retail preset', () => {
  it('groups the lines of an invoice to one order at the time of its first line, even if another invoice stands in between', async () => {
    const { touchpoints, report } = await readText(FILE, onlineRetailReader('UTC'));
    const orders = touchpoints.filter((touchpoint) => touchpoint.type === 'order-placed');
    expect(orders.map(({ id, occurredAt, data }) => [id, occurredAt, data['totalMinor']])).toEqual([
      ['1', '2011-01-01T10:00:00Z', 1530],
      ['2', '2011-01-02T10:00:00Z', 510],
    ]);
    expect(orders[0]?.identifiers).toEqual([{ namespace: 'userId', value: '17850' }]);
    expect(orders[0]?.data['lines']).toMatchObject([
      { sku: 'CUP', quantity: 6, unitPriceMinor: 255 },
      { sku: 'TIN', quantity: 1, unitPriceMinor: 0 },
    ]);
    expect(report.notices.get('prices rounded to whole pence')).toBe(1);
  });

  it('makes one return for each order that a C-invoice matches, and one for the lines that match none', async () => {
    const { touchpoints } = await readText(FILE, onlineRetailReader('UTC'));
    const returns = touchpoints.filter((touchpoint) => touchpoint.type === 'order-returned');
    expect(
      returns.map(({ id, occurredAt, data }) => [id, occurredAt, data['orderId'], data['whole'], data['amountMinor']]),
    ).toEqual([
      ['C4>2', '2011-01-03T10:00:00Z', '2', true, 600],
      ['C4>1', '2011-01-03T10:00:00Z', '1', false, 1275],
      ['C4>none', '2011-01-03T10:00:00Z', 'C4', false, 999],
    ]);
  });

  it('gives only touchpoints that the contracts accept', async () => {
    const { touchpoints } = await readText(FILE, onlineRetailReader('UTC'));
    for (const touchpoint of touchpoints)
      expect(validateTouchpointData(touchpoint.type, 1, touchpoint.data)).toMatchObject({ ok: true });
  });

  it('reports each line without a customer, or with values that make no sense, by itself', async () => {
    const { invalid, report } = await readText(FILE, onlineRetailReader('UTC'));
    expect(report.lines).toBe(13);
    expect(invalid.map(({ id, line, code, pointer }) => [id, line, code, pointer])).toEqual([
      ['3#1', 5, 'customer-missing', '#/row/CustomerID'],
      ['3#2', 6, 'customer-missing', '#/row/CustomerID'],
      ['5#1', 12, 'quantity-sign', '#/row/Quantity'],
      ['C6#1', 13, 'quantity-sign', '#/row/Quantity'],
      ['7#1', 14, 'value-malformed', '#/row/InvoiceDate'],
    ]);
  });
});
