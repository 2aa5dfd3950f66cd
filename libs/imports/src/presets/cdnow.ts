import { formatInstant } from '#contracts';
import { dateParser } from '../date-format.js';
import { fileLines } from '../file-lines.js';
import { invalidRow, InvalidValue } from '../invalid-value.js';
import { parseMoney } from '../money.js';
import { RowIdentity } from '../row-identity.js';
import type { IdentifierInput, ImportItem, TouchpointInput } from '../import-item.js';
import type { ImportReader } from '../import-reader.js';

const SOURCE = 'cdnow';
const CURRENCY = 'USD';
const CELLS = 'master id, number in the sample, yyyymmdd, quantity, dollars';

/**
 * Reads CDNOW_sample.txt (Fader and Hardie): one purchase a line, five cells separated by white space, no header. The customer is the
 * number in the sample (second cell, with its zeros). A purchase has a day and no time: it is placed at 00:00 in the time zone of the business.
 * A line carries no id: its id is its hash and its ordinal among identical lines, since 19 lines occur twice and are two purchases each.
 */
export function cdnowReader(timeZone: string): ImportReader {
  const parseDay = dateParser('yyyyMMdd', timeZone) ?? (() => null);
  return {
    name: 'cdnow',
    async *read(file, report) {
      const identity = new RowIdentity();
      for await (const page of fileLines(file)) {
        const items: ImportItem[] = [];
        for (const [line, text, unreadable] of page) {
          const cells = text.trim().split(/\s+/);
          if (cells[0] === '') continue;
          report.lines += 1;
          const rowId = identity.of(cells.join(' '));
          try {
            if (unreadable !== undefined) throw unreadable;
            items.push({ kind: 'touchpoint', line, touchpoint: purchase(cells, rowId, parseDay) });
          } catch (error) {
            if (!(error instanceof InvalidValue)) throw error;
            const identifiers = identifiersOf(cells[1]);
            const place = { id: `row-${rowId}`, source: SOURCE, file: file.name, line, row: text, identifiers };
            items.push({ kind: 'invalid', line, invalid: invalidRow(place, error) });
          }
        }
        if (items.length > 0) yield items;
      }
    },
  };
}

function identifiersOf(customer: string | undefined): readonly IdentifierInput[] {
  return customer === undefined ? [] : [{ namespace: 'userId', value: customer }];
}

function purchase(cells: readonly string[], id: string, parseDay: (text: string) => number | null): TouchpointInput {
  const [master, customer, day, quantity, dollars] = cells;
  if (
    cells.length !== 5 ||
    master === undefined ||
    customer === undefined ||
    day === undefined ||
    quantity === undefined ||
    dollars === undefined
  )
    throw new InvalidValue('row-malformed', null, `must have 5 cells (has ${cells.length})`, `write ${CELLS}`);
  if (!/^\d+$/.test(customer))
    throw new InvalidValue('customer-malformed', 'customer', 'must be a number of the sample', `write ${CELLS}`);
  const at = parseDay(day);
  if (at === null) throw new InvalidValue('value-malformed', 'day', 'must be a day', 'write it as yyyymmdd');
  if (!/^\d{1,9}$/.test(quantity))
    throw new InvalidValue('value-malformed', 'quantity', 'must be a whole number', 'write the number of CDs');
  const amountMinor = parseMoney(dollars, CURRENCY, 'reject', 'dollars');
  if (amountMinor < 0)
    throw new InvalidValue('amount-negative', 'dollars', 'must be 0 or more', 'write what the purchase cost');
  return {
    id,
    source: SOURCE,
    type: 'order-placed',
    occurredAt: formatInstant(at),
    channel: 'web',
    identifiers: identifiersOf(customer),
    data: { orderId: id, currency: CURRENCY, totalMinor: amountMinor, quantity: Number(quantity) },
  };
}
