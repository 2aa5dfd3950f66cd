import { likelyEncoding } from '#contracts';
import { FileRejected } from '../file-rejected.js';
import { openFile } from '../file-lines.js';
import type { ImportFile } from '../import-reader.js';
import { mappedReader } from '../mapped-reader.js';
import { parseMapping } from '../mapping.js';
import { PRESETS } from '../presets/index.js';
import { csvRows, delimiterNamedIn, ndjsonRows, type Row } from '../rows.js';
import {
  areAddresses,
  areCurrencies,
  dateGuess,
  hasNegatives,
  isNumeric,
  numberGuess,
  type SampleColumn,
} from './columns.js';

/** What the proposal is to say that no file says. */
export interface ProposalOptions {
  readonly source: string;
  readonly timeZone: string;
  readonly currency: string | null;
}

/** A mapping to begin with, and what is to be checked in it. */
export interface Proposal {
  readonly mapping: Readonly<Record<string, unknown>>;
  readonly remarks: readonly string[];
}

const SAMPLE_ROWS = 500;
const SAMPLE_BYTES = 1024 * 1024;
const DELIMITERS = [',', ';', '\t', '|'];

const NAMES = {
  order:
    /^(?:order|bestell|beleg|auftrag|invoice|rechnung|receipt|transaction|pedido|commande)[ _-]?(?:id|no|nr|num|number|nummer|code|#|name)?\.?$|^(?:name|no|nr|id|number)\.?$/i,
  date: /date|datum|fecha|data\b|created|placed|time|when|zeit|\btag\b|jour/i,
  amount:
    /^(?!.*(?:sub|tax|steuer|ship|versand|discount|rabatt|line ?item|refund|erstatt)).*(?:total|amount|betrag|summe|umsatz|revenue|price|preis|montant|importe|value|sum)/i,
  refund: /refund|erstatt|gutschrift|returned|retour/i,
  cancelled: /cancel|storno/i,
  customer: /^(?:customer|kunde|client|cliente|user|kd)[ _-]?(?:id|no|nr|number|nummer|code)?\.?$/i,
  phone: /phone|telefon|mobil/i,
  sku: /sku|article|artikel|product|item[ _-]?(?:id|name|code)/i,
  quantity: /qty|quantity|menge|anzahl|pieces|st(?:ü|ue)ck/i,
  price: /(?:unit|item|line|einzel).*(?:price|preis|cost)|^price$|^preis$/i,
} as const;

/** Proposes a mapping from the header and the first rows of a file: what kind of file it is, and which columns are what. */
export async function proposeMapping(file: ImportFile, options: ProposalOptions): Promise<Proposal> {
  const { format, encoding, delimiter } = await formOf(file);
  const dialect = { delimiter, quote: '"', columns: null };
  const given = encoding === null ? file : { ...file, encoding };
  const rows = await sampleOf(format === 'csv' ? csvRows(given, dialect) : ndjsonRows(given));
  const columns = columnsOf(rows);
  if (columns.length === 0)
    throw new FileRejected('The file has no row that can be read', 'Give a file with a header and a few rows.');
  const form = {
    ...(format === 'csv' ? {} : { format }),
    ...(encoding === null ? {} : { encoding }),
    ...(delimiter === ',' ? {} : { csv: { delimiter } }),
  };
  const known = await presetOf(given, format, columns, options);
  const proposal = known ?? propose(columns, rows, options);
  const remarks = [...(encoding === null ? [] : [`"encoding": the bytes look like ${encoding}`]), ...proposal.remarks];
  const { comment: _comment, ...mapping } = proposal.mapping;
  const whole = { comment: ['Check:', ...remarks], ...form, ...mapping };
  parseMapping(whole);
  return { mapping: whole, remarks };
}

async function formOf(
  file: ImportFile,
): Promise<{ format: 'csv' | 'ndjson'; encoding: string | null; delimiter: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of (await openFile(file)) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= SAMPLE_BYTES) break;
  }
  const bytes = Buffer.concat(chunks).subarray(0, SAMPLE_BYTES);
  // A character may be cut at the end of the sample.
  const isUtf8 = [0, 1, 2, 3].some((cut) => isText(bytes.subarray(0, bytes.length - cut)));
  const encoding = isUtf8 ? null : likelyEncoding(bytes);
  const text = new TextDecoder(encoding ?? 'utf-8').decode(bytes).replace(/^\ufeff/, '');
  const [first = ''] = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (first.trim().startsWith('{')) return { format: 'ndjson', encoding, delimiter: ',' };
  const named = delimiterNamedIn(first);
  if (named !== null) return { format: 'csv', encoding, delimiter: named };
  const header = first.replace(/"(?:[^"]|"")*"/g, 'x');
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return { format: 'csv', encoding, delimiter: DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',' };
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

async function sampleOf(pages: AsyncIterable<readonly Row[]>): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for await (const page of pages) {
    for (const row of page) if ('cells' in row) rows.push(row.cells);
    if (rows.length >= SAMPLE_ROWS) break;
  }
  return rows.slice(0, SAMPLE_ROWS);
}

function columnsOf(rows: readonly Readonly<Record<string, unknown>>[]): readonly SampleColumn[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return names.map((name) => ({
    name,
    texts: rows
      .map((row) => row[name])
      .filter((cell) => typeof cell === 'string' || typeof cell === 'number')
      .map((cell) => String(cell).trim())
      .filter((text) => text !== ''),
  }));
}

/** A preset whose columns the file has, where its name says which system wrote it. */
async function presetOf(
  file: ImportFile,
  format: string,
  columns: readonly SampleColumn[],
  options: ProposalOptions,
): Promise<Proposal | null> {
  const names = new Set(columns.map(({ name }) => name));
  for (const { name, mapping, marks } of PRESETS) {
    if (mapping === undefined || marks === undefined || format !== 'csv' || !marks.every((mark) => names.has(mark)))
      continue;
    const document = mapping(options) as Readonly<Record<string, unknown>>;
    try {
      for await (const _page of mappedReader(parseMapping(document)).read(file, { lines: 0, notices: new Map() }))
        break;
    } catch (error) {
      if (error instanceof FileRejected) continue;
      throw error;
    }
    return { mapping: document, remarks: [`the columns are those of the preset ${name}: this is what it reads`] };
  }
  return null;
}

function propose(
  columns: readonly SampleColumn[],
  rows: readonly Readonly<Record<string, unknown>>[],
  { source, timeZone, currency: given }: ProposalOptions,
): Proposal {
  const remarks: string[] = [];
  const find = (holds: (column: SampleColumn) => boolean): SampleColumn | undefined => columns.find(holds);
  const named = (pattern: RegExp, holds: (column: SampleColumn) => boolean = () => true) =>
    find((column) => pattern.test(column.name) && holds(column));
  const isDate = (column: SampleColumn): boolean => dateGuess(column.texts) !== null;

  const cancelled = named(NAMES.cancelled, (column) => column.texts.length === 0 || isDate(column));
  const date =
    named(NAMES.date, (column) => column !== cancelled && isDate(column)) ??
    find((column) => column !== cancelled && isDate(column) && !isNumeric(column));
  const guess = date === undefined ? null : dateGuess(date.texts);
  const email = find(areAddresses);
  const phone = named(NAMES.phone, (column) => column !== email);
  const customer = named(NAMES.customer, (column) => column !== email);
  const currencyColumn =
    find((column) => /curr|w(?:ä|ae)hrung|moneda|devise/i.test(column.name) && areCurrencies(column)) ??
    find(areCurrencies);
  const refund = named(NAMES.refund, isNumeric);
  const quantity = named(NAMES.quantity, isNumeric);
  const price = named(NAMES.price, (column) => isNumeric(column) && column !== refund);
  const sku = named(NAMES.sku, (column) => column !== price && column !== quantity);
  const amount =
    named(
      NAMES.amount,
      (column) => isNumeric(column) && column !== refund && column !== price && column !== quantity,
    ) ?? price;
  const order = named(
    NAMES.order,
    (column) => ![customer, email, date, amount].includes(column) && column.texts.length > 0,
  );
  const numbers = numberGuess([amount, price, refund].filter((column) => column !== undefined)) ?? {
    decimalSeparator: 'auto' as const,
  };
  const isRepeated = order !== undefined && new Set(order.texts).size < order.texts.length;
  const mixed = amount !== undefined && hasNegatives(amount);

  if (date === undefined) remarks.push('"occurredAt": no column with dates was found; name it, and its format');
  else if (guess !== null && guess.others.length > 0)
    remarks.push(
      `"occurredAt": the dates of '${date.name}' can be read as ${guess.format} and as ${guess.others[0] ?? ''}`,
    );
  if (amount === undefined) remarks.push('"totalMinor": no column with amounts was found; name it');
  if (email === undefined && customer === undefined && phone === undefined)
    remarks.push('"identifiers": no column with addresses or numbers of customers was found; name it');
  const currency = currencyColumn === undefined ? { value: given ?? 'EUR' } : { column: currencyColumn.name };
  if (currencyColumn === undefined && given === null)
    remarks.push('"currency": the file names none; EUR stands in its place');
  if (timeZone === 'UTC' && guess?.format !== 'iso')
    remarks.push('"timeZone": the dates have no offset; name the zone of the business');
  if (order === undefined)
    remarks.push('"orderId": no column with numbers of orders was found; a hash of the row stands in its place');
  if (isRepeated) remarks.push(`"groupBy": several rows have one value of '${order.name}'; they make one order`);
  if (refund !== undefined)
    remarks.push(`"order-returned": an amount in '${refund.name}' is money given back at the time of the order`);
  if (mixed) remarks.push(`"type": negative amounts of '${amount.name}' are returns`);
  if (numbers.decimalSeparator === 'auto') remarks.push('"decimalSeparator": no one separator reads all amounts');

  const money = (column: string): object => ({ column, as: 'money', currency });
  const orderId = order === undefined ? { rowHash: true } : { column: order.name };
  const lines =
    isRepeated && sku !== undefined && quantity !== undefined && price !== undefined
      ? {
          lines: {
            eachRow: {
              sku: { column: sku.name },
              quantity: { column: quantity.name, as: 'integer' },
              unitPriceMinor: money(price.name),
            },
          },
        }
      : {};
  // Where every row has the amount of its line, the order has their sum; where it is given once, that is its total.
  const repeats = isRepeated && amount !== undefined && differsWithin(rows, order.name, amount.name);
  if (repeats) remarks.push(`"totalMinor": the rows of an order differ in '${amount.name}'; they are added up`);
  const total = {
    ...money(amount?.name ?? 'amount'),
    ...(repeats ? { inGroup: 'sum' } : {}),
    ...(mixed ? { sign: 'absolute' } : {}),
  };
  const identifiers = [
    ...(email === undefined ? [] : [{ namespace: 'email', column: email.name, optional: true }]),
    ...(customer === undefined ? [] : [{ namespace: 'userId', column: customer.name, optional: true }]),
    ...(phone === undefined ? [] : [{ namespace: 'phone', column: phone.name, optional: true }]),
  ];
  const placed = { currency, totalMinor: total, ...lines };
  const occurredAt = {
    column: date?.name ?? 'date',
    ...(guess === null || guess.format === 'iso' ? {} : { format: guess.format }),
  };
  const others = [
    ...(refund === undefined
      ? []
      : [
          {
            type: 'order-returned',
            when: { column: refund.name, greaterThan: 0 },
            data: { amountMinor: { ...money(refund.name), sign: 'absolute' }, currency },
          },
        ]),
    ...(cancelled === undefined
      ? []
      : [
          {
            type: 'order-cancelled',
            when: { column: cancelled.name, present: true },
            occurredAt: { column: cancelled.name, ...formatOf(cancelled, guess?.format) },
          },
        ]),
  ];
  const types =
    others.length > 0
      ? { data: { orderId }, touchpoints: [{ type: 'order-placed', data: placed }, ...others] }
      : mixed
        ? {
            type: { column: amount.name, bySign: { positive: 'order-placed', negative: 'order-returned' } },
            data: { orderId, currency },
            dataByType: { 'order-placed': { totalMinor: total }, 'order-returned': { amountMinor: total } },
          }
        : { type: 'order-placed', data: { orderId, ...placed } };
  const mapping = {
    timeZone,
    ...(guess === null || guess.locale === 'en' ? {} : { locale: guess.locale }),
    ...numbers,
    ...(isRepeated ? { groupBy: { column: order.name } } : {}),
    ...(order === undefined || isRepeated ? {} : { id: { column: order.name } }),
    source,
    occurredAt,
    identifiers: identifiers.length > 0 ? identifiers : [{ namespace: 'userId', column: 'customer' }],
    ...types,
  };
  return { mapping, remarks };
}

function formatOf({ texts }: SampleColumn, like: string | undefined): object {
  const format = dateGuess(texts)?.format ?? like ?? 'iso';
  return format === 'iso' ? {} : { format };
}

/** Whether rows of one order have different values in a column. */
function differsWithin(rows: readonly Readonly<Record<string, unknown>>[], key: string, column: string): boolean {
  const seen = new Map<unknown, unknown>();
  return rows.some((row) => {
    const value = row[column];
    if (value === '' || value === undefined) return false;
    const before = seen.get(row[key]);
    seen.set(row[key], value);
    return before !== undefined && before !== value;
  });
}
