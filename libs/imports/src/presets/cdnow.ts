import { formatInstant } from '#contracts';
import { fileLines } from '../file-lines.js';
import { dateReader } from '../local-time.js';
import { toMinor } from '../money.js';
import { InvalidValue } from '../problem.js';
import { RowIdentity } from '../row-identity.js';
import type { DraftIdentifier, ImportItem, ImportLayout, TouchpointDraft } from '../draft.js';

const SOURCE = 'cdnow';
const CURRENCY = 'USD';
const SHAPE = 'master id, number in the sample, yyyymmdd, quantity, dollars';

/**
 * The layout of CDNOW_sample.txt (Fader and Hardie): one purchase a line, five cells parted by white space, no header. The customer is
 * the sample's own number (second cell, with its zeros); a purchase has a day and no time: it stands at 00:00 of the business's zone.
 * A line carries no id: it is named by its hash and its ordinal among identical lines, since 19 lines are there twice and mean it.
 */
export function cdnowLayout(timeZone: string): ImportLayout {
  const readDay = dateReader('yyyyMMdd', timeZone) ?? (() => null);
  return {
    name: 'cdnow',
    async *read(file, notes) {
      const identity = new RowIdentity();
      for await (const page of fileLines(file)) {
        const items: ImportItem[] = [];
        for (const [line, text] of page) {
          const cells = text.trim().split(/\s+/);
          if (cells[0] === '') continue;
          notes.lines += 1;
          const rowId = identity.of(cells.join(' '));
          try {
            items.push({ kind: 'touchpoint', line, draft: purchase(cells, rowId, readDay) });
          } catch (error) {
            if (!(error instanceof InvalidValue)) throw error;
            const { code, path, message: detail, hint } = error;
            const invalid = {
              id: `row-${rowId}`,
              source: SOURCE,
              file: file.name,
              line,
              row: text,
              identifiers: identifiersOf(cells[1]),
              code,
              pointer: path,
              detail,
              hint,
            };
            items.push({ kind: 'invalid', line, invalid });
          }
        }
        if (items.length > 0) yield items;
      }
    },
  };
}

function identifiersOf(customer: string | undefined): readonly DraftIdentifier[] {
  return customer === undefined ? [] : [{ namespace: 'userId', value: customer }];
}

function purchase(cells: readonly string[], id: string, readDay: (text: string) => number | null): TouchpointDraft {
  const [master, customer, day, quantity, dollars] = cells;
  if (
    cells.length !== 5 ||
    master === undefined ||
    customer === undefined ||
    day === undefined ||
    quantity === undefined ||
    dollars === undefined
  )
    throw new InvalidValue('row-malformed', '', `The line has ${cells.length} cells`, `Write five: ${SHAPE}.`);
  if (!/^\d+$/.test(customer))
    throw new InvalidValue('customer-malformed', 'customer', 'The cell is no number of the sample', `Write ${SHAPE}.`);
  const at = readDay(day);
  if (at === null) throw new InvalidValue('value-malformed', 'day', 'The cell is no day', 'Write it as yyyymmdd.');
  if (!/^\d{1,9}$/.test(quantity))
    throw new InvalidValue('value-malformed', 'quantity', 'The cell is no whole number', 'Write the number of CDs.');
  const amountMinor = toMinor(dollars, CURRENCY, 'refuse', 'dollars');
  if (amountMinor < 0)
    throw new InvalidValue('amount-negative', 'dollars', 'The amount is negative', 'A purchase costs nothing or more.');
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
