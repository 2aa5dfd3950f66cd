import { describe, expect, it } from '@jest/globals';
import { parseMapping } from './mapping.js';
import { MappingRejected } from './mapping-rejected.js';
import type { ValidationIssue } from '#contracts';

const GOOD = {
  source: { value: '/shop' },
  type: { column: 'kind', map: { sale: 'order-placed', back: 'order-returned' } },
  occurredAt: { column: 'date', format: 'dd/MM/yyyy HH:mm', timeZone: 'Europe/London' },
  identifiers: [{ namespace: 'userId', column: 'customer' }],
  data: { orderId: { column: 'order' }, totalMinor: { column: 'amount', as: 'money', currency: { value: 'EUR' } } },
};

function errorsOf(document: unknown): readonly ValidationIssue[] {
  try {
    parseMapping(document);
  } catch (error) {
    if (error instanceof MappingRejected) return error.errors;
    throw error;
  }
  return [];
}

describe('a mapping', () => {
  it('is read, with what it leaves out filled in', () => {
    expect(parseMapping(GOOD)).toMatchObject({
      format: 'csv',
      csv: { delimiter: ',', quote: '"', columns: null },
      id: null,
      channel: { value: 'import' },
      occurredAt: { format: 'dd/MM/yyyy HH:mm', timeZone: 'Europe/London' },
    });
  });

  it('is rejected with every error at once, each with its path, its reason and how to fix it', () => {
    const errors = errorsOf({
      ...GOOD,
      type: undefined,
      occurredAt: { column: 'date', format: 'soon', timeZone: 'Mars/Base' },
      identifiers: [{ namespace: 'userId', column: 'customer', role: 'friend' }],
      data: { orderId: 'order', totalMinor: { column: 'amount', as: 'money' } },
      colour: 'red',
    });
    expect(errors.map((error) => error.pointer).sort()).toEqual([
      '#/colour',
      '#/data/orderId',
      '#/data/totalMinor/currency',
      '#/identifiers/0/role',
      '#/occurredAt/format',
      '#/occurredAt/timeZone',
      '#/type',
    ]);
    for (const error of errors) {
      expect(error.detail).not.toBe('');
      expect(error.hint).not.toBe('');
    }
  });

  it.each([
    [null, '#'],
    [[], '#'],
    [{ ...GOOD, identifiers: [] }, '#/identifiers'],
    [{ ...GOOD, identifiers: [{ namespace: 'userId', column: 'a', role: 'referee' }] }, '#/identifiers'],
    [{ ...GOOD, id: {} }, '#/id'],
    [{ ...GOOD, csv: { delimiter: '' } }, '#/csv/delimiter'],
    [{ ...GOOD, format: 'xml' }, '#/format'],
    [{ ...GOOD, data: { a: { column: 'x', as: 'roman' } } }, '#/data/a/as'],
    [{ ...GOOD, data: { a: { column: 'x', format: 'iso' } } }, '#/data/a/format'],
    [{ ...GOOD, dataByType: { 'order-placed': 1 } }, '#/dataByType/order-placed'],
    [{ ...GOOD, occurredAt: { column: 'd', format: 'yyyy' } }, '#/occurredAt/format'],
  ])('%j is rejected at %s', (document, path) => {
    expect(errorsOf(document).map((error) => error.pointer)).toContain(path);
  });
});
