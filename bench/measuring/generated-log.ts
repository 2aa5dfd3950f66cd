import { createHash, randomFillSync } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import { openSqliteLog, type AppendItem } from '#event-log';
import { prepareLog } from '#ingestion';
import { openSqliteKeyStore } from '#keys';
import { join } from 'node:path';

const DAY_MS = 86_400_000;
const BATCH = 10_000;

/** What a log of made-up customers is made of. The same numbers give the same events, but for what stands in the place of sealed values. */
export interface Population {
  readonly customers: number;
  readonly events: number;
  /** The events happened in the two years before this instant. */
  readonly until: number;
  /** The first so many customers bought once, spread evenly over one minute that begins here, and came no more. */
  readonly lapsing: { readonly customers: number; readonly from: number };
}

/** A touchpoint as intake would store it. */
interface Made {
  readonly subject: number;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly occurredAt: number;
  readonly meta: string;
  readonly data: string;
}

const NAMESPACES = ['userId', 'email', 'anonymousId'] as const;
const [USER, EMAIL, ANONYMOUS] = [0, 1, 2];
const CATEGORIES = ['kitchen', 'garden', 'living-room', 'bedroom', 'bathroom', 'office'];

const spread = (n: number, range: number): number => (Math.imul(n ^ (n >>> 15), 0x9e3779b1) >>> 0) % range;

/** The subject of a customer's name, as its stream is called. Subjects are numbered: three a customer. */
const subjectId = (subject: number): string =>
  createHash('md5')
    .update(`${NAMESPACES[subject % 3]}\0${Math.floor(subject / 3)}`)
    .digest('hex');

/** As long as sealed values are, and no easier to compress; nothing opens them. */
const noise = randomFillSync(Buffer.alloc(1 << 20)).toString('base64url');
const sealed = (n: number, length: number): string => `1.${noise.substr(spread(n, noise.length - 100), length)}`;

/** Touchpoint number `n`: views of unknown and, now and then, of known customers; clicks in mails; orders, some of them returned. */
export function madeTouchpoint(n: number, { customers, until, lapsing }: Population): Made {
  const customer = n < customers ? n : spread(n, customers);
  const lapses = customer < lapsing.customers;
  const dice = lapses ? (n < customers ? 80 : 0) : spread(n ^ 0x5bd1e995, 100);
  const buys = dice >= 80 && dice < 97;
  const age = (spread(n + 77, 730 * 86_400) + 1) * 1_000;
  const occurredAt = !lapses
    ? until - age
    : buys
      ? lapsing.from + Math.floor((customer * 60_000) / lapsing.customers)
      : Math.min(until - age, lapsing.from - DAY_MS - (age % DAY_MS));
  const names =
    dice < 55 ? [ANONYMOUS] : dice < 65 ? [USER, ANONYMOUS] : dice < 80 ? [EMAIL] : buys ? [USER, EMAIL] : [USER];
  const identifiers = names.map((name) => {
    const subject = customer * 3 + (name ?? 0);
    const length = name === EMAIL ? 80 : 50;
    return `{"namespace":"${NAMESPACES[name ?? 0]}","role":"self","subjectId":"${subjectId(subject)}","sealed":"${sealed(n + (name ?? 0), length)}"}`;
  });
  const channel = dice < 65 ? 'web' : dice < 80 ? 'email' : 'shop';
  return {
    subject: customer * 3 + (names[0] ?? 0),
    id: `${n.toString(16).padStart(8, '0')}-7b1e-4c3a-9f11-0000${(n >>> 3).toString(16).padStart(8, '0')}`,
    source: `https://${channel}.example/events`,
    occurredAt,
    meta: `{"channel":"${channel}","identifiers":[${identifiers.join(',')}],"receivedAt":${until}}`,
    ...content(n, dice),
  };
}

function content(n: number, dice: number): { readonly type: string; readonly data: string } {
  const item = spread(n, 4_000);
  const category = CATEGORIES[item % CATEGORIES.length] ?? 'other';
  const price = 995 + item * 10;
  if (dice < 65)
    return {
      type: 'product-viewed',
      data: `{"category":"${category}","currency":"EUR","name":"lamp ${item}","priceMinor":${price},"sku":"SKU-${item}"}`,
    };
  if (dice < 80)
    return { type: 'message-clicked', data: `{"campaign":"spring","link":"to-the-shop","messageId":"m-${n}"}` };
  if (dice < 97) {
    const line = `{"category":"${category}","costMinor":${price >> 1},"name":"lamp ${item}","quantity":1,"sku":"SKU-${item}","unitPriceMinor":${price}}`;
    return { type: 'order-placed', data: `{"currency":"EUR","lines":[${line},${line}],"orderId":"o-${n}"}` };
  }
  return { type: 'site-visited', data: `{"origin":"newsletter","page":"/${category}"}` };
}

/** The same as an item to be appended. */
export function madeItem(n: number, population: Population, occurredAt: number): AppendItem {
  const { subject, id, type, source, meta, data } = madeTouchpoint(n, population);
  return {
    stream: `subject-${subjectId(subject)}`,
    event: { source, id: `live-${id}`, type, schemaVersion: 1, occurredAt, contentHash: hashOf(id), meta, data },
  };
}

const hashOf = (id: string): Uint8Array => createHash('md5').update(id).digest();

/** Beside a log that is being generated: where it began, and the indexes that are still to be made. Gone once it is whole. */
const UNFINISHED = 'generating.json';

interface Unfinished {
  readonly first: number;
  readonly indexes: readonly string[];
}

/** Whether a folder holds a log that was generated to its end. */
export const isGenerated = (folder: string): boolean =>
  existsSync(join(folder, 'log.db')) && !existsSync(join(folder, UNFINISHED));

/**
 * Writes a population straight into a log's file, as the log's own writer would leave it, by nothing but SQLite; its two indexes are made at the
 * end. Killed, the same call goes on from the last batch. Returns how long it took in milliseconds.
 */
export async function generateLog(
  folder: string,
  population: Population,
  told: (done: number) => void,
): Promise<number> {
  const file = join(folder, 'log.db');
  const note = join(folder, UNFINISHED);
  const unfinished = existsSync(note) ? (JSON.parse(readFileSync(note, 'utf8')) as Unfinished) : await begin();
  const { first } = unfinished;

  async function begin(): Promise<Unfinished> {
    const keys = openSqliteKeyStore({ file: join(folder, 'keys.db'), hashKey: new Uint8Array(32).fill(7) });
    const clock = { now: () => population.until };
    const log = await openSqliteLog({ file, clock });
    await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, population.until - 731 * DAY_MS);
    const { position: first } = await log.head();
    await log.close();
    await keys.close();
    const db = new DatabaseSync(file);
    const rows = db
      .prepare(`SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'events' AND sql IS NOT NULL`)
      .all() as { readonly sql: string }[];
    db.close();
    const noted = { first, indexes: rows.map(({ sql }) => sql) };
    writeFileSync(note, JSON.stringify(noted));
    return noted;
  }

  const begun = performance.now();
  const db = new DatabaseSync(file);
  try {
    const indexes = db
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'events' AND sql IS NOT NULL`)
      .all() as { readonly name: string }[];
    db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;');
    for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
    const names = { sources: new Map<string, number>(), types: new Map<string, number>() };
    const named = (table: keyof typeof names, name: string): number => {
      let id = names[table].get(name);
      if (id === undefined) {
        db.prepare(`INSERT OR IGNORE INTO ${table} (name) VALUES (?)`).run(name);
        id = (db.prepare(`SELECT id FROM ${table} WHERE name = ?`).get(name) as { id: number }).id;
        names[table].set(name, id);
      }
      return id;
    };
    const streams = new Int32Array(population.customers * 3);
    const revisions = new Int32Array(population.customers * 3);
    const last = (sql: string): number => (db.prepare(sql).get() as { readonly id: number | null }).id ?? 0;
    const written = Math.max(0, last('SELECT max(position) AS id FROM events') - first);
    let lastStream = last(`SELECT max(stream) AS id FROM events WHERE position <= ${first}`);
    // What was written before is gone through again for the numbers of streams and revisions, which stand in no table that could be asked quickly.
    for (let n = 0; n < written; n += 1) {
      const { subject } = madeTouchpoint(n, population);
      if (streams[subject] === 0) streams[subject] = lastStream += 1;
      revisions[subject] = (revisions[subject] as number) + 1;
    }
    const stream = db.prepare('INSERT INTO streams VALUES (?, ?)');
    const event = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?)');
    const recordedAt = population.until;
    for (let n = written; n < population.events;) {
      db.exec('BEGIN');
      for (const end = Math.min(n + BATCH, population.events); n < end; n += 1) {
        const made = madeTouchpoint(n, population);
        if (streams[made.subject] === 0) {
          streams[made.subject] = lastStream += 1;
          stream.run(lastStream, tagged(3, subjectId(made.subject)));
        }
        event.run(
          first + n + 1,
          streams[made.subject] as number,
          revisions[made.subject] as number,
          named('sources', made.source),
          tagged(1, made.id.replaceAll('-', '')),
          named('types', made.type),
          made.occurredAt,
          recordedAt,
          hashOf(made.id),
          made.meta,
          made.data,
        );
        revisions[made.subject] = (revisions[made.subject] as number) + 1;
      }
      db.exec('COMMIT');
      told(n);
    }
    for (const sql of unfinished.indexes) db.exec(sql);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    rmSync(note);
  } finally {
    db.close();
  }
  return performance.now() - begun;
}

/** An id or a stream's name as the file holds it: a byte that says what it is, and what its hex stands for. */
function tagged(tag: number, hex: string): Uint8Array {
  const form = Buffer.allocUnsafe(1 + hex.length / 2);
  form[0] = tag;
  form.write(hex, 1, 'hex');
  return form;
}
