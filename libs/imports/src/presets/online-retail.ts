import { formatInstant, type Instant } from '#contracts';
import { dateParser } from '../date-format.js';
import { invalidRow, InvalidValue, malformedRow } from '../invalid-value.js';
import { parseMoney } from '../money.js';
import { csvRows, type Row } from '../rows.js';
import { matchReturns, type ReturnLine, type ReturnMatch, type ReturnableOrder } from './returns.js';
import type { ImportItem, InvalidRow, TouchpointInput } from '../import-item.js';
import { addNotice, type ImportFile, type ImportReader, type ReadReport } from '../import-reader.js';

const SOURCE = 'online-retail';
const CURRENCY = 'GBP';
const COLUMNS = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID'];
const DIALECT = { delimiter: ',', quote: '"', columns: null } as const;

/** One valid line of an invoice. `quantity` is positive on both kinds of invoice. */
interface InvoiceLine {
  readonly line: number;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}

/** What the first pass learns of an invoice: where it ends and what can be returned of it. */
interface Invoice {
  readonly no: string;
  readonly customer: string;
  readonly at: Instant;
  readonly firstLine: number;
  lastLine: number;
  /** Lines seen so far in the second pass. */
  lines: InvoiceLine[];
}

/**
 * Reads UCI's Online Retail, in two passes: the first learns where each invoice ends (one of them is interrupted by another) and matches
 * returns to orders; the second makes the touchpoints, an invoice at a time. It keeps an invoice's lines in memory only while the invoice is
 * open, and of each order the quantity not returned yet, by stock code.
 *
 * - The lines of an invoice are one order, at the time of its first line. Lines of price 0 are part of it (a free article);
 *   identical lines are articles bought twice.
 * - An invoice whose number begins with C is a return. Each line returns from the same customer's latest earlier order that still has
 *   that many of the article; see `matchReturns`. It becomes one order-returned for each matched order, and one for the lines that matched none.
 * - A line without a customer, or whose numbers cannot be read, is invalid: it is quarantined by itself; the rest of its invoice stands.
 * - `CustomerID` is written as a fraction (`17850.0`): the customer is 17850.
 */
export function onlineRetailReader(timeZone: string): ImportReader {
  const parseTime = withLastResult(dateParser('yyyy-MM-dd HH:mm:ss', timeZone) ?? (() => null));
  return {
    name: 'online-retail',
    readsTwice: true,
    async *read(file, report) {
      const { invoices, returned } = await indexInvoices(file, parseTime);
      const ordinals = new Map<string, number>();
      for await (const page of csvRows(file, DIALECT, { required: COLUMNS, optional: [] })) {
        const items: ImportItem[] = [];
        for (const row of page) items.push(...itemsOf(row, file, parseTime, invoices, returned, ordinals, report));
        if (items.length > 0) yield items;
      }
    },
  };
}

/** The first pass: the invoices with their last lines, and the order that each returned line belongs to. */
async function indexInvoices(
  file: ImportFile,
  parseTime: (text: string) => Instant | null,
): Promise<{ invoices: Map<string, Invoice>; returned: ReadonlyMap<number, ReturnMatch> }> {
  const invoices = new Map<string, Invoice>();
  const orders = new Map<string, ReturnableOrder>();
  const returns: ReturnLine[] = [];
  const uncounted: ImportFile = { path: file.path, name: file.name };
  for await (const page of csvRows(uncounted, DIALECT, { required: COLUMNS, optional: [] }))
    for (const row of page) {
      const read = readLine(row, parseTime);
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
  parseTime: (text: string) => Instant | null,
  invoices: ReadonlyMap<string, Invoice>,
  returned: ReadonlyMap<number, ReturnMatch>,
  ordinals: Map<string, number>,
  report: ReadReport,
): readonly ImportItem[] {
  report.lines += 1;
  const read = readLine(row, parseTime);
  if (!('invoiceNo' in read))
    return [{ kind: 'invalid', line: row.line, invalid: invalidLine(row, file, read, ordinals) }];
  if (read.rounded) addNotice(report, 'prices rounded to whole pence');
  if (read.line.unitPriceMinor === 0) addNotice(report, 'order lines of price 0, kept as free articles');
  const invoice = invoices.get(keyOf(read.invoiceNo, read.customer));
  if (invoice === undefined)
    throw new Error(`${file.name} changed while it was being read: invoice ${read.invoiceNo} is new.`);
  invoice.lines.push(read.line);
  if (row.line < invoice.lastLine) return [];
  const { lines } = invoice;
  invoice.lines = [];
  const touchpoints = isReturn(invoice.no) ? returnsOf(invoice, lines, returned, report) : [orderOf(invoice, lines)];
  return touchpoints.map((touchpoint) => ({ kind: 'touchpoint', line: row.line, touchpoint }));
}

function orderOf(invoice: Invoice, lines: readonly InvoiceLine[]): TouchpointInput {
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

/** One order-returned for each matched order, in the order of the invoice's lines, and one for the lines that matched none. */
function returnsOf(
  invoice: Invoice,
  lines: readonly InvoiceLine[],
  returned: ReadonlyMap<number, ReturnMatch>,
  report: ReadReport,
): readonly TouchpointInput[] {
  const byOrder = new Map<string | null, { lines: InvoiceLine[]; whole: boolean }>();
  for (const line of lines) {
    const matched = returned.get(line.line) ?? null;
    const orderId = matched?.orderId ?? null;
    addNotice(report, matched === null ? 'returned lines that match no order' : 'returned lines that match an order');
    const part = byOrder.get(orderId) ?? { lines: [], whole: false };
    part.lines.push(line);
    if (matched?.completes === true) part.whole = true;
    byOrder.set(orderId, part);
  }
  return [...byOrder].map(([orderId, part]) => {
    if (part.whole) addNotice(report, 'orders wholly returned');
    return {
      ...envelope(invoice, `${invoice.no}>${orderId ?? 'none'}`, 'order-returned'),
      data: {
        // A return that matches no order carries its own number as order id: it books money and reverses nothing.
        orderId: orderId ?? invoice.no,
        currency: CURRENCY,
        whole: part.whole,
        amountMinor: amountOf(part.lines),
        lines: part.lines.map(returnedLine),
      },
    };
  });
}

function envelope(invoice: Invoice, id: string, type: string): Omit<TouchpointInput, 'data'> {
  return {
    id,
    source: SOURCE,
    type,
    occurredAt: formatInstant(invoice.at),
    channel: 'web',
    identifiers: [{ namespace: 'userId', value: invoice.customer }],
  };
}

function orderLine({ sku, name, quantity, unitPriceMinor }: InvoiceLine): Record<string, unknown> {
  return { sku, ...(name === '' ? {} : { name }), quantity, unitPriceMinor };
}

function returnedLine({ sku, quantity, unitPriceMinor }: InvoiceLine): Record<string, unknown> {
  return { sku, quantity, amountMinor: quantity * unitPriceMinor };
}

function amountOf(lines: readonly InvoiceLine[]): number {
  return lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
}

interface ParsedLine {
  readonly invoiceNo: string;
  readonly customer: string;
  readonly at: Instant;
  readonly line: InvoiceLine;
  readonly rounded: boolean;
}

function readLine(row: Row, parseTime: (text: string) => Instant | null): ParsedLine | InvalidValue {
  try {
    if ('malformed' in row) throw malformedRow(row.malformed);
    return parseLine(row.cells as Readonly<Record<string, string>>, row.line, parseTime);
  } catch (error) {
    if (error instanceof InvalidValue) return error;
    throw error;
  }
}

function parseLine(
  cells: Readonly<Record<string, string>>,
  line: number,
  parseTime: (text: string) => Instant | null,
): ParsedLine {
  const invoiceNo = (cells['InvoiceNo'] ?? '').trim();
  if (invoiceNo === '') throw new InvalidValue('value-missing', 'InvoiceNo', 'must name an invoice', 'fill it in');
  const customer = customerOf(cells);
  if (customer === '')
    throw new InvalidValue(
      'customer-missing',
      'CustomerID',
      'must name a customer',
      'find out who bought, fill in CustomerID and release the line',
    );
  const at = parseTime((cells['InvoiceDate'] ?? '').trim());
  if (at === null)
    throw new InvalidValue('value-malformed', 'InvoiceDate', 'must be a time', 'write it as 2010-12-01 08:26:00');
  const sku = (cells['StockCode'] ?? '').trim();
  if (sku === '') throw new InvalidValue('value-missing', 'StockCode', 'must name an article', 'fill it in');
  const written = (cells['Quantity'] ?? '').trim();
  if (!/^-?\d{1,9}$/.test(written))
    throw new InvalidValue('value-malformed', 'Quantity', 'must be a whole number', 'write a whole number');
  const quantity = isReturn(invoiceNo) ? -Number(written) : Number(written);
  if (quantity <= 0)
    throw new InvalidValue(
      'quantity-sign',
      'Quantity',
      'must be above 0 in an order and below 0 in a return (C…)',
      'correct the sign, or the number of the invoice',
    );
  const price = cells['UnitPrice'] ?? '';
  const unitPriceMinor = parseMoney(price, CURRENCY, 'half-up', 'UnitPrice');
  if (unitPriceMinor < 0)
    throw new InvalidValue(
      'amount-negative',
      'UnitPrice',
      'must be 0 or more',
      'correct the price; book a correction as a return',
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

/** The lines of an invoice carry one time: it is parsed once. */
function withLastResult(read: (text: string) => Instant | null): (text: string) => Instant | null {
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

/** The id of an invalid line is its invoice and its ordinal among that invoice's invalid lines: the same in every reading. */
function invalidLine(row: Row, file: ImportFile, why: InvalidValue, ordinals: Map<string, number>): InvalidRow {
  const cells = 'cells' in row ? row.cells : {};
  const invoiceNo = String((cells['InvoiceNo'] as string | undefined) ?? '').trim() || 'line';
  const ordinal = (ordinals.get(invoiceNo) ?? 0) + 1;
  ordinals.set(invoiceNo, ordinal);
  const customer = customerOf(cells as Readonly<Record<string, string>>);
  return invalidRow(
    {
      id: `${invoiceNo}#${ordinal}`,
      source: SOURCE,
      file: file.name,
      line: row.line,
      row: 'cells' in row ? row.cells : row.text,
      identifiers: customer === '' ? [] : [{ namespace: 'userId', value: customer }],
    },
    why,
  );
}

function isReturn(invoiceNo: string): boolean {
  return invoiceNo.startsWith('C');
}

/** An invoice belongs to one customer: a number that two customers share is two orders, and ingestion quarantines the second as a reused id. */
function keyOf(invoiceNo: string, customer: string): string {
  return `${invoiceNo} ${customer}`;
}
