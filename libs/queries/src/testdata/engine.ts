import { createHash } from 'node:crypto';
import { STREAMS, streamOfFact } from '#contracts';
import type { EventLog } from '#event-log';
import { sealedOpener, openSqliteKeyStore, Sealer, type SqliteKeyStore } from '#keys';
import { openDatabase, type Database } from '#database';
import { LOCAL_PRINCIPAL } from '#platform';
import { RecordedOpenings } from '#privacy';
import { Projector } from '#projections';
import { memoryLog } from '#testing';
import { runQuery, runQueryInPages } from '../running/run-query.js';
import type { Answer } from '../running/answer.js';
import { personalData } from '../running/personal-data.js';
import type { QueryContext } from '../running/query.js';

/** `day(3)` is 00:00 UTC three days after 1 January 2024. */
export const day = (n: number): number => Date.UTC(2024, 0, 1) + n * 86_400_000;
export const iso = (at: number): string => new Date(at).toISOString();

/** What a channel tells: who, when, what. `who` maps namespaces to values, the strongest first. */
export interface TestTouchpoint {
  readonly who: Readonly<Record<string, string>>;
  readonly at: number;
  readonly type: string;
  readonly id?: string;
  readonly source?: string;
  readonly sequence?: number;
  readonly brand?: string;
  readonly test?: true;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Personal fields, by JSON pointer into the data. */
  readonly personal?: Readonly<Record<string, unknown>>;
}

/** A whole engine in memory but for HTTP: told something, it can be asked. The clock stands where it is put. */
export interface SpecEngine {
  readonly log: EventLog;
  readonly database: Database;
  readonly keys: SqliteKeyStore;
  readonly sealer: Sealer;
  readonly projector: Projector;
  readonly context: QueryContext;
  now: number;
  /** Records touchpoints at the clock's instant. */
  record(...told: readonly TestTouchpoint[]): Promise<void>;
  /** Records them and brings the read models up to date. */
  tell(...told: readonly TestTouchpoint[]): Promise<void>;
  /** Records the definition of an attribute. */
  define(definition: Readonly<Record<string, unknown>>): Promise<void>;
  catchUp(): Promise<void>;
  subjectId(namespace: string, value: string): string;
  runQuery(name: string, params?: Readonly<Record<string, string>>): Promise<Answer>;
  /** All rows, page by page of the size given. */
  all(name: string, params?: Readonly<Record<string, string>>, pageSize?: number): Promise<Answer['rows']>;
  close(): Promise<void>;
}

/** @param given the database of the read models, which is closed elsewhere; one in memory by default */
export async function specEngine(given: Database | null = null): Promise<SpecEngine> {
  const keys = openSqliteKeyStore({ file: ':memory:' });
  const sealer = new Sealer(keys);
  const database = given ?? (await openDatabase({ kind: 'pglite', folder: null }));
  let counter = 0;
  let now = day(400);
  const clock = { now: () => now };
  const log = memoryLog({ clock });
  const context: QueryContext = {
    database,
    log,
    clock,
    personalData: personalData(sealer),
    // In a log of their own: the specs count the events of the log.
    openings: new RecordedOpenings({ log: memoryLog({ clock }), sealer, clock }),
    opening: {
      principal: LOCAL_PRINCIPAL,
      purpose: 'service',
      ticket: null,
      reason: null,
      kind: 'view',
      requestId: 'spec',
    },
    mayAudit: true,
  };
  const projector = await Projector.open({ database, log, clock, open: sealedOpener(sealer) });

  const appendOne = async (told: TestTouchpoint): Promise<void> => {
    const identifiers = Object.entries(told.who).map(([namespace, value]) => ({
      namespace,
      value,
      role: 'self' as const,
      subjectId: sealer.subjectIdOf(namespace, value),
    }));
    const states = await keys.keysFor(
      identifiers.map(({ subjectId }) => subjectId),
      { create: true },
    );
    const keyOf = (subjectId: string) => {
      const state = states.get(subjectId);
      if (state === undefined || state === 'erased') throw new Error('erased');
      return state;
    };
    const own = identifiers[0]?.subjectId ?? '';
    const meta = {
      channel: 'shop',
      identifiers: identifiers.map(({ value, ...rest }) => ({
        ...rest,
        sealed: sealer.sealIdentifier(keyOf(rest.subjectId), value),
      })),
      receivedAt: now,
      ...(told.test === undefined ? {} : { test: told.test }),
      ...(told.brand === undefined ? {} : { brand: told.brand, by: 'local' }),
      ...(told.sequence === undefined ? {} : { sequence: told.sequence }),
      ...(told.personal === undefined ? {} : { sealed: sealer.seal(keyOf(own), JSON.stringify(told.personal)) }),
    };
    const id = told.id ?? `e${++counter}`;
    const data = JSON.stringify(told.data ?? {});
    const [verdict] = await log.append(STREAMS.subject(own), 'any', [
      {
        source: told.source ?? 'shop',
        id,
        type: told.type,
        schemaVersion: 1,
        occurredAt: told.at,
        contentHash: createHash('md5').update(`${id}${told.type}${told.at}${data}`).digest(),
        meta: JSON.stringify(meta),
        data,
      },
    ]);
    if (verdict?.status !== 'accepted') throw new Error(`Not recorded: ${JSON.stringify(verdict)}`);
  };

  const engine: SpecEngine = {
    log,
    database,
    keys,
    sealer,
    projector,
    context,
    get now() {
      return now;
    },
    set now(at) {
      now = at;
    },
    async record(...told) {
      for (const one of told) await appendOne(one);
    },
    async tell(...told) {
      await engine.record(...told);
      await engine.catchUp();
    },
    async define(definition) {
      const { name, version } = definition as { readonly name: string; readonly version: number };
      const fact = {
        ...{ source: 'perennial/attributes', id: `${name}@${version}`, type: 'attribute-defined' },
        schemaVersion: 1,
      };
      const data = JSON.stringify({ name, version, definition });
      const contentHash = createHash('md5').update(data).digest();
      const event = { ...fact, occurredAt: now, contentHash, meta: '{}', data };
      await log.append(streamOfFact('attribute-defined'), 'any', [event]);
    },
    async catchUp() {
      await projector.catchUp();
    },
    subjectId: (namespace, value) => sealer.subjectIdOf(namespace, value),
    runQuery: (name, params = {}) => runQuery(context, name, params),
    async all(name, params = {}, pageSize) {
      const rows: Answer['rows'][number][] = [];
      if (pageSize === undefined)
        for await (const page of runQueryInPages(context, name, params)) rows.push(...page.rows);
      else
        for (let cursor: string | null = ''; cursor !== null;) {
          const paging = { limit: String(pageSize), ...(cursor === '' ? {} : { cursor }) };
          const page: Answer = await runQuery(context, name, { ...params, ...paging });
          rows.push(...page.rows);
          cursor = page.nextCursor;
        }
      return rows;
    },
    async close() {
      if (given === null) await database.close();
      await keys.close();
    },
  };
  return engine;
}

/** An order of one article. */
export function order(
  who: TestTouchpoint['who'],
  at: number,
  orderId: string,
  amountMinor = 1_000,
  category = 'tea',
): TestTouchpoint {
  return {
    who,
    at,
    type: 'order-placed',
    id: `order-${orderId}`,
    data: {
      orderId,
      currency: 'EUR',
      lines: [{ sku: `sku-${category}`, category, quantity: 1, unitPriceMinor: amountMinor }],
    },
  };
}

export function cancelled(who: TestTouchpoint['who'], at: number, orderId: string): TestTouchpoint {
  return { who, at, type: 'order-cancelled', id: `cancel-${orderId}`, data: { orderId } };
}
