import { formatInstant, type Instant } from '#contracts';
import { dateReader } from '../local-time.js';
import { toMinor } from '../money.js';
import { InvalidValue } from '../problem.js';
import { csvRows, type Row } from '../rows.js';
import { matchReturns, type Matched, type ReturnLine, type ReturnableOrder } from './returns.js';
import type { ImportFile, ImportItem, ImportLayout, ImportNotes, TouchpointDraft, InvalidRow } from '../draft.js';

const SOURCE = 'online-retail';
const CURRENCY = 'GBP';
const COLUMNS = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID'];
const SHAPE = { delimiter: ',', quote: '"', columns: null } as const;

/** One fit line of an invoice. `quantity` is positive on both kinds of invoice. */
interface Line {
  readonly line: number;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}

/** What the first reading learns of an invoice: enough to know where it ends and what may be returned of it. */
interface Invoice {
  readonly no: string;
  readonly customer: string;
  readonly at: Instant;
  readonly firstLine: number;
  lastLine: number;
  /** Lines seen so far in the second reading. */
  lines: Line[];
}

/**
 * The layout of UCI's Online Retail. The file is read twice: the first reading learns where each invoice ends (one of them is
 * interrupted by another) and matches returns to orders; the second makes the touchpoints, an invoice at a time. It holds an invoice's lines
 * only while the invoice is open, and of each order what is left of it, by stock code.
 *
 * - The lines of an invoice are one order, at the time of its first line. Lines of price 0 are part of it (a free article);
 *   identical lines are articles bought twice.
 * - An invoice whose number begins with C takes back: line by line, from the same customer's latest earlier order that still has
 *   that many of the article; see `matchReturns`. It becomes one order-returned for each order that it touches, and one for what matched none.
 * - A line without a customer, or whose numbers cannot be read, is invalid: quarantined by itself; the rest of its invoice stands.
 * - `CustomerID` was written as a fraction (`17850.0`): the customer is 17850.
 */
export function onlineRetailLayout(timeZone: string): ImportLayout {
  const readTime = rememberingLast(dateReader('yyyy-MM-dd HH:mm:ss', timeZone) ?? (() => null));
  return {
    name: 'online-retail',
    async *read(file, notes) {
      const { invoices, returned } = await survey(file, readTime);
      const ordinals = new Map<string, number>();
      for await (const page of csvRows(file, SHAPE, COLUMNS)) {
        const items: ImportItem[] = [];
        for (const row of page) items.push(...itemsOf(row, file, readTime, invoices, returned, ordinals, notes));
        if (items.length > 0) yield items;
      }
    },
  };
}

/** The first reading: invoices with their last lines, and the orders that each return takes from. */
async function survey(
  file: ImportFile,
  readTime: (text: string) => Instant | null,
): Promise<{ invoices: Map<string, Invoice>; returned: ReadonlyMap<number, Matched> }> {
  const invoices = new Map<string, Invoice>();
  const orders = new Map<string, ReturnableOrder>();
  const returns: ReturnLine[] = [];
  const quiet: ImportFile = { path: file.path, name: file.name };
  for await (const page of csvRows(quiet, SHAPE, COLUMNS))
    for (const row of page) {
      const read = readLine(row, readTime);
      if (!('invoiceNo' in read)) continue;
      const { invoiceNo, customer, at, line } = read;
      const key = keyOf(invoiceNo, customer);
      let invoice = invoices.get(key);
      if (invoice === undefined) {
        invoice = { no: invoiceNo, customer, at, firstLine: line.line, lastLine: line.line, lines: [] };
        invoices.set(key, invoice);
      }
      invoice.lastLine = line.line;
      if (isReturn(invoiceNo)) {
        returns.push({ line: line.line, customer, at: invoice.at, sku: line.sku, quantity: line.quantity });
        continue;
      }
      let order = orders.get(key);
      if (order === undefined) {
        order = { orderId: invoiceNo, customer, at, firstLine: line.line, left: new Map() };
        orders.set(key, order);
      }
      order.left.set(line.sku, (order.left.get(line.sku) ?? 0) + line.quantity);
    }
  return { invoices, returned: matchReturns([...orders.values()], returns) };
}

function itemsOf(
  row: Row,
  file: ImportFile,
  readTime: (text: string) => Instant | null,
  invoices: ReadonlyMap<string, Invoice>,
  returned: ReadonlyMap<number, Matched>,
  ordinals: Map<string, number>,
  notes: ImportNotes,
): readonly ImportItem[] {
  notes.lines += 1;
  const read = readLine(row, readTime);
  if (!('invoiceNo' in read))
    return [{ kind: 'invalid', line: row.line, invalid: invalidRow(row, file, read, ordinals) }];
  if (read.rounded) remark(notes, 'prices rounded to whole pence');
  if (read.line.unitPriceMinor === 0) remark(notes, 'order lines of price 0, kept as free articles');
  const invoice = invoices.get(keyOf(read.invoiceNo, read.customer));
  if (invoice === undefined)
    throw new Error(`${file.name} changed while it was being read: invoice ${read.invoiceNo} is new.`);
  invoice.lines.push(read.line);
  if (row.line < invoice.lastLine) return [];
  const { lines } = invoice;
  invoice.lines = [];
  const drafts = isReturn(invoice.no) ? returnsOf(invoice, lines, returned, notes) : [orderOf(invoice, lines)];
  return drafts.map((draft) => ({ kind: 'touchpoint', line: row.line, draft }));
}

function orderOf(invoice: Invoice, lines: readonly Line[]): TouchpointDraft {
  return {
    ...envelope(invoice, invoice.no, 'order-placed'),
    data: {
      orderId: invoice.no,
      currency: CURRENCY,
      totalMinor: amountOf(lines),
      lines: lines.map(orderLine),
    },
  };
}

/** One order-returned for each order that the invoice takes from, in the order of its lines, and one for what matched none. */
function returnsOf(
  invoice: Invoice,
  lines: readonly Line[],
  returned: ReadonlyMap<number, Matched>,
  notes: ImportNotes,
): readonly TouchpointDraft[] {
  const byOrder = new Map<string | null, { lines: Line[]; whole: boolean }>();
  for (const line of lines) {
    const matched = returned.get(line.line) ?? null;
    const orderId = matched?.orderId ?? null;
    remark(notes, matched === null ? 'returned lines that match no order' : 'returned lines that match an order');
    const part = byOrder.get(orderId) ?? { lines: [], whole: false };
    part.lines.push(line);
    if (matched?.emptied === true) part.whole = true;
    byOrder.set(orderId, part);
  }
  return [...byOrder].map(([orderId, part]) => {
    if (part.whole) remark(notes, 'orders wholly returned');
    return {
      ...envelope(invoice, `${invoice.no}>${orderId ?? 'none'}`, 'order-returned'),
      data: {
        // A return that matches no order names itself: it books money and reverses nothing.
        orderId: orderId ?? invoice.no,
        currency: CURRENCY,
        whole: part.whole,
        amountMinor: amountOf(part.lines),
        lines: part.lines.map(returnedLine),
      },
    };
  });
}

function envelope(invoice: Invoice, id: string, type: string): Omit<TouchpointDraft, 'data'> {
  return {
    id,
    source: SOURCE,
    type,
    occurredAt: formatInstant(invoice.at),
    channel: 'web',
    identifiers: [{ namespace: 'userId', value: invoice.customer }],
  };
}

function orderLine({ sku, name, quantity, unitPriceMinor }: Line): Record<string, unknown> {
  return { sku, ...(name === '' ? {} : { name }), quantity, unitPriceMinor };
}

function returnedLine({ sku, quantity, unitPriceMinor }: Line): Record<string, unknown> {
  return { sku, quantity, amountMinor: quantity * unitPriceMinor };
}

function amountOf(lines: readonly Line[]): number {
  return lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
}

interface FitLine {
  readonly invoiceNo: string;
  readonly customer: string;
  readonly at: Instant;
  readonly line: Line;
  readonly rounded: boolean;
}

function readLine(row: Row, readTime: (text: string) => Instant | null): FitLine | InvalidValue {
  try {
    if ('broken' in row)
      throw new InvalidValue(
        'row-malformed',
        '',
        `The row ${row.broken}`,
        'Fix the row: the delimiter, the quotes, the number of cells.',
      );
    return fitLine(row.cells as Readonly<Record<string, string>>, row.line, readTime);
  } catch (error) {
    if (error instanceof InvalidValue) return error;
    throw error;
  }
}

function fitLine(
  cells: Readonly<Record<string, string>>,
  line: number,
  readTime: (text: string) => Instant | null,
): FitLine {
  const invoiceNo = (cells['InvoiceNo'] ?? '').trim();
  if (invoiceNo === '')
    throw new InvalidValue('value-missing', 'InvoiceNo', 'The line names no invoice', 'Fill it in.');
  const customer = customerOf(cells);
  if (customer === '')
    throw new InvalidValue(
      'customer-missing',
      'CustomerID',
      'The line names no customer',
      'Find out who bought, fill in CustomerID and release the line.',
    );
  const at = readTime((cells['InvoiceDate'] ?? '').trim());
  if (at === null)
    throw new InvalidValue('value-malformed', 'InvoiceDate', 'The cell is no time', 'Write it as 2010-12-01 08:26:00.');
  const sku = (cells['StockCode'] ?? '').trim();
  if (sku === '') throw new InvalidValue('value-missing', 'StockCode', 'The line names no article', 'Fill it in.');
  const written = (cells['Quantity'] ?? '').trim();
  if (!/^-?\d{1,9}$/.test(written))
    throw new InvalidValue('value-malformed', 'Quantity', 'The cell is no whole number', 'Write a whole number.');
  const quantity = isReturn(invoiceNo) ? -Number(written) : Number(written);
  if (quantity <= 0)
    throw new InvalidValue(
      'quantity-sign',
      'Quantity',
      'The quantity has the wrong sign for its kind of invoice',
      'An order has a quantity above 0, a return (C…) one below.',
    );
  const price = cells['UnitPrice'] ?? '';
  const unitPriceMinor = toMinor(price, CURRENCY, 'half-up', 'UnitPrice');
  if (unitPriceMinor < 0)
    throw new InvalidValue(
      'amount-negative',
      'UnitPrice',
      'The price is negative',
      'A price is 0 or more; book a correction as a return.',
    );
  const name = (cells['Description'] ?? '').trim();
  return {
    invoiceNo,
    customer,
    at,
    line: { line, sku, name, quantity, unitPriceMinor },
    rounded: /\.\d\d\d*[1-9]/.test(price),
  };
}

function customerOf(cells: Readonly<Record<string, string>>): string {
  return (cells['CustomerID'] ?? '').trim().replace(/\.0$/, '');
}

/** The lines of an invoice bear one time: it is read once. */
function rememberingLast(read: (text: string) => Instant | null): (text: string) => Instant | null {
  let text = '';
  let at: Instant | null = null;
  return (next) => {
    if (next !== text) {
      text = next;
      at = read(next);
    }
    return at;
  };
}

/** An invalid line is named by its invoice and its place among that invoice's invalid lines: the same in every reading. */
function invalidRow(row: Row, file: ImportFile, why: InvalidValue, ordinals: Map<string, number>): InvalidRow {
  const cells = 'cells' in row ? row.cells : {};
  const invoiceNo = String((cells['InvoiceNo'] as string | undefined) ?? '').trim() || 'line';
  const ordinal = (ordinals.get(invoiceNo) ?? 0) + 1;
  ordinals.set(invoiceNo, ordinal);
  const customer = customerOf(cells as Readonly<Record<string, string>>);
  const { code, path, message: detail, hint } = why;
  return {
    id: `${invoiceNo}#${ordinal}`,
    source: SOURCE,
    file: file.name,
    line: row.line,
    row: 'cells' in row ? row.cells : row.text,
    identifiers: customer === '' ? [] : [{ namespace: 'userId', value: customer }],
    code,
    pointer: path,
    detail,
    hint,
  };
}

function isReturn(invoiceNo: string): boolean {
  return invoiceNo.startsWith('C');
}

/** An invoice belongs to one customer: a number that two of them share is two orders, and intake quarantines the second as a reused id. */
function keyOf(invoiceNo: string, customer: string): string {
  return `${invoiceNo} ${customer}`;
}

function remark(notes: ImportNotes, text: string): void {
  notes.remarks.set(text, (notes.remarks.get(text) ?? 0) + 1);
}
