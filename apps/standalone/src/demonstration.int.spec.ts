import 'reflect-metadata';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSqliteLog, type EventLog } from '#event-log';
import { Ingestion, IngestTouchpointsHandler, prepareLog } from '#ingestion';
import { BUILT_IN_POLICIES, CAUSE_RULES } from '#lifecycle';
import { openKeyStoreOf, Sealer, type KeyStore } from '#keys';
import { SYSTEM_CLOCK } from '#platform';
import { openDatabase, type Database } from '#database';
import { Projector } from '#projections';
import { liveSchema } from '#projections/schema';
import { runQuery, personalData, type QueryContext } from '#queries';
import { ONE_IS_ENOUGH } from '#testing';
import { demonstrationWanted, playDemonstration, EXAMPLE_CUSTOMER } from './demonstration.js';

const clock = SYSTEM_CLOCK;
const signal = new AbortController().signal;

describe('the demonstration, played into an empty engine', () => {
  let dataDir: string;
  let keys: KeyStore;
  let log: EventLog;
  let ingestTouchpoints: IngestTouchpointsHandler;
  let database: Database;
  let projector: Projector;
  let context: QueryContext;
  const printed: string[] = [];
  const play = () =>
    playDemonstration({
      dataDir,
      log,
      ingestTouchpoints,
      clock,
      approvals: ONE_IS_ENOUGH,
      policy: BUILT_IN_POLICIES.retail,
      print: (line) => printed.push(line),
      signal,
    });

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'perennial-demonstration-'));
    keys = openKeyStoreOf(dataDir);
    log = await openSqliteLog({ file: join(dataDir, 'log.db'), clock });
    await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, clock.now());
    const sealer = new Sealer(keys);
    ingestTouchpoints = new IngestTouchpointsHandler(new Ingestion({ log, sealer }));
    database = await openDatabase({ kind: 'pglite', folder: null });
    projector = await Projector.open({ database, log, clock });
    context = { database, log, clock, personalData: personalData(sealer), mayAudit: true };
  });
  afterAll(async () => {
    await database.close();
    await log.close();
    await keys.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('shows every phase of every stage, more than one cycle, and every cause of the catalogue', async () => {
    expect(await demonstrationWanted(dataDir, log)).toBe(true);
    await play();
    await projector.catchUp();
    const live = await liveSchema(database);
    const [seen] = await database.query<{ places: string[]; rules: string[]; cycles: number; by_policy: number }>(
      `SELECT array_agg(DISTINCT stage || ' ' || phase ORDER BY stage || ' ' || phase) AS places,
              array_agg(DISTINCT cause ->> 'rule') AS rules, max(cycle)::int AS cycles,
              count(*) FILTER (WHERE cause ->> 'rule' = 'policy-changed')::int AS by_policy
         FROM ${live}.stage_periods`,
    );
    expect(seen?.places).toEqual([
      ...['awareness', 'cold', 'consideration', 'evaluation', 'knowledge'].map((phase) => `acquisition ${phase}`),
      ...['advocacy', 'cross-sell', 'up-sell'].map((phase) => `expansion ${phase}`),
      ...['active', 'at-risk', 'lapsed', 'lost', 'onboarding'].map((phase) => `retention ${phase}`),
    ]);
    // The simulated amendments are small: none moves a customer.
    const expected = CAUSE_RULES.filter((rule) => rule !== 'order-amended');
    expect([...(seen?.rules ?? [])].sort()).toEqual([...expected].sort());
    expect(seen?.cycles).toBeGreaterThanOrEqual(2);
    expect(seen?.by_policy).toBeGreaterThan(0);
    const { rows: segments } = await runQuery(context, 'segments', {});
    expect(segments.map(({ segmentId, members }) => [segmentId, Number(members) > 0])).toEqual([
      ['looking-around', true],
      ['win-back', true],
      ['win-back-by-mail', true],
    ]);
    expect(printed.at(-1)).toMatch(/^Demonstration: 2,000 simulated customers, /);
  });

  it('has customers that the second policy moved, with the reason', async () => {
    const { rows } = await runQuery(context, 'customers', { cause: 'policy-changed', limit: '1' });
    expect(rows).toHaveLength(1);
    const [why] = (await runQuery(context, 'explain', { customer: rows[0]?.['customerId'] })).rows;
    // Which customer comes first depends on the folder's hash key: the policy moved some to at-risk and some to lapsed.
    expect(['at-risk', 'lapsed']).toContain(rows[0]?.['phase']);
    expect(why).toMatchObject({ phase: rows[0]?.['phase'], policyVersion: 'retail@2' });
    expect(why?.['text']).toContain('another version of the policy took effect');
  });

  it('has an example customer who was lost, won back, and is at risk again by silence', async () => {
    const { rows } = await runQuery(context, 'history', { identifier: EXAMPLE_CUSTOMER });
    expect(rows.map(({ cycle, phase }) => `${String(cycle)} ${String(phase)}`)).toEqual([
      ...['awareness', 'onboarding', 'active', 'at-risk', 'lapsed', 'lost'].map((phase) => `1 ${phase}`),
      ...['knowledge', 'consideration', 'onboarding', 'at-risk'].map((phase) => `2 ${phase}`),
    ]);
    expect(rows.at(-1)?.['cause']).toMatchObject({ rule: 'silence-at-risk' });
  });

  it('is not wanted twice, and adds nothing when it is played again', async () => {
    expect(await demonstrationWanted(dataDir, log)).toBe(false);
    expect(existsSync(join(dataDir, 'demonstration.json'))).toBe(false);
    const before = await log.head();
    await play();
    const receipts = (await log.head()).position - before.position;
    let others = 0;
    for await (const page of log.readAll(before.position))
      others += page.filter(({ type }) => type !== 'intake-receipt').length;
    expect({ others, receipts: receipts > 0 }).toEqual({ others: 0, receipts: true });
  });
});
