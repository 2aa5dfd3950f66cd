import { createHash, randomUUID } from 'node:crypto';
import { factOf, STREAMS, validateFact, type FactName, type Instant } from '#contracts';
import { arrayText, instantText, type Database, type Row } from '#database';
import type { Sealer } from '#keys';

/** What registrations need of the event log: a log of `#event-log` fits. */
export interface RegistrationLog {
  read(stream: string): AsyncIterable<
    readonly {
      readonly revision: number;
      readonly type: string;
      readonly data: string;
      readonly occurredAt: Instant;
    }[]
  >;
  append(
    stream: string,
    expected: number | 'no-stream',
    events: readonly FactEvent[],
  ): Promise<readonly { readonly status: string }[]>;
}

interface FactEvent {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly occurredAt: Instant;
  readonly contentHash: Uint8Array;
  readonly meta: string;
  readonly data: string;
}

/** An endpoint as the log has it. */
interface Registration {
  readonly id: string;
  readonly feeds: readonly string[];
  readonly createdAt: Instant;
  status: 'active' | 'paused';
  /** URL and first secret, sealed. */
  readonly sealed: string;
  /** The secrets that replaced it, sealed, and when. */
  readonly rotations: { readonly sealed: string; readonly at: Instant }[];
  removed: boolean;
}

/** What an operator did to an endpoint. */
export type RecordedChange = 'activated' | 'paused' | 'secret-rotated' | 'removed';

const SOURCE = 'perennial/webhooks';
const ATTEMPTS_MAX = 10;

/**
 * The registrations of webhooks as facts in the log: the tables of the read models can be lost and built again, and the endpoints are there again. What
 * only the tables have (pending messages, dead letters, failures) is lost with them.
 */
export class Registrations {
  constructor(
    private readonly log: RegistrationLog,
    private readonly sealer: Sealer,
  ) {}

  registered(
    {
      id,
      url,
      feeds,
      secret,
    }: { readonly id: string; readonly url: string; readonly feeds: readonly string[]; readonly secret: string },
    now: Instant,
    by: string,
  ): Promise<void> {
    return this.seal(id, JSON.stringify({ url, secret })).then((sealed) =>
      this.append('webhook-registered', { webhookId: id, feeds, sealed }, now, by),
    );
  }

  /** @param secret the new one, where it was rotated */
  async changed(id: string, change: RecordedChange, now: Instant, by: string, secret?: string): Promise<void> {
    const sealed = secret === undefined ? {} : { sealed: await this.seal(id, secret) };
    await this.append('webhook-changed', { webhookId: id, change, ...sealed }, now, by);
  }

  /**
   * Makes tables and log agree, at every start: endpoints that only the log has are registered again, those that only the tables have (from an earlier
   * version) are recorded, and those whose removal was not finished are removed. Returns sentences for the operator.
   */
  async reconcile(database: Database, formerSecretMs: number, now: Instant): Promise<string[]> {
    const recorded = await this.all();
    const rows = await database.query<TableRow>(
      'SELECT endpoint_id, url, feeds, status, secret, created_at FROM perennial_webhooks.endpoints',
    );
    const inTable = new Map(rows.map((row) => [row.endpoint_id, row]));
    const said: string[] = [];
    let restored = 0;
    for (const registration of recorded.values()) {
      const { id, removed } = registration;
      if (removed && inTable.has(id)) {
        await database.query('DELETE FROM perennial_webhooks.endpoints WHERE endpoint_id = $1', [id]);
        await this.sealer.keys.destroy([id]);
      }
      if (removed || inTable.has(id)) continue;
      if (await this.restore(database, registration, formerSecretMs, now)) restored += 1;
      else
        said.push(
          `The webhook ${id} is on record, and this key store has no key that opens its URL and its secret: register it again.`,
        );
    }
    if (restored > 0)
      said.push(
        `${restored === 1 ? '1 webhook was' : `${restored} webhooks were`} registered again from the event log, since the read models had lost ${restored === 1 ? 'it' : 'them'}. ` +
          'Messages that were pending for them are lost: a replay sends what was published since.',
      );
    for (const row of rows) if (!recorded.has(row.endpoint_id)) await this.recordFormer(row, now);
    return said;
  }

  private async restore(
    database: Database,
    { id, feeds, createdAt, status, sealed, rotations }: Registration,
    formerSecretMs: number,
    now: Instant,
  ): Promise<boolean> {
    const opened = await this.open(id, sealed);
    if (opened === null) return false;
    const { url, secret: first } = JSON.parse(opened) as { readonly url: string; readonly secret: string };
    const secrets = [await this.seal(id, first), ...rotations.map((rotation) => rotation.sealed)];
    const lastRotation = rotations.at(-1);
    const formerUntil = lastRotation === undefined ? 0 : lastRotation.at + formerSecretMs;
    const former = formerUntil > now ? (secrets.at(-2) ?? null) : null;
    await database.query(
      `INSERT INTO perennial_webhooks.endpoints (endpoint_id, url, feeds, status, secret, former_secret, former_until, created_at)
       VALUES ($1, $2, $3::text[], $4, $5, $6, $7::timestamptz, $8::timestamptz) ON CONFLICT (endpoint_id) DO NOTHING`,
      [
        ...[id, url, arrayText(feeds), status, secrets.at(-1), former],
        ...[former === null ? null : instantText(formerUntil), instantText(createdAt)],
      ],
    );
    return true;
  }

  /** Records an endpoint that an earlier version registered in the tables alone. */
  private async recordFormer(
    { endpoint_id: id, url, feeds, status, secret: sealed }: TableRow,
    now: Instant,
  ): Promise<void> {
    const secret = await this.open(id, sealed);
    if (secret === null) return;
    await this.registered({ id, url, feeds, secret }, now, 'local');
    if (status === 'paused') await this.changed(id, 'paused', now, 'local');
  }

  private async all(): Promise<Map<string, Registration>> {
    const all = new Map<string, Registration>();
    for await (const page of this.log.read(STREAMS.webhooks))
      for (const { type, data, occurredAt: at } of page) {
        const fact = JSON.parse(data) as { readonly webhookId: string } & Record<string, unknown>;
        const known = all.get(fact.webhookId);
        if (type === 'webhook-registered' && known === undefined)
          all.set(fact.webhookId, {
            ...{ id: fact.webhookId, feeds: fact['feeds'] as string[], createdAt: at, status: 'active' },
            ...{ sealed: fact['sealed'] as string, rotations: [], removed: false },
          });
        else if (type === 'webhook-changed' && known !== undefined) {
          const change = fact['change'] as RecordedChange;
          if (change === 'removed') known.removed = true;
          else if (change === 'secret-rotated') known.rotations.push({ sealed: fact['sealed'] as string, at });
          else known.status = change === 'paused' ? 'paused' : 'active';
        }
      }
    return all;
  }

  /** Appends behind what is there now: the server enforces it, whatever ids it remembers. */
  private async append(name: FactName, data: object, now: Instant, by: string): Promise<void> {
    const version = factOf(name)?.version ?? 0;
    const validity = validateFact(name, version, data);
    if (!validity.ok) throw new TypeError(`The data of a ${name} violate their contract.`);
    const text = JSON.stringify(data);
    const event: FactEvent = {
      ...{
        source: SOURCE,
        id: randomUUID(),
        type: name,
        schemaVersion: version,
        occurredAt: now,
        meta: JSON.stringify({ by }),
        data: text,
      },
      contentHash: createHash('sha256').update(text).digest().subarray(0, 16),
    };
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      let last: number | null = null;
      for await (const page of this.log.read(STREAMS.webhooks)) last = page.at(-1)?.revision ?? last;
      const [verdict] = await this.log.append(STREAMS.webhooks, last ?? 'no-stream', [event]);
      if (verdict?.status === 'accepted' || verdict?.status === 'duplicate') return;
      if (verdict?.status !== 'wrong-revision') break;
    }
    throw new Error('The event log did not record the change of the webhook: nothing was changed. Try again.');
  }

  private async seal(id: string, text: string): Promise<string> {
    const key = (await this.sealer.keys.keysFor([id], { create: true })).get(id);
    if (key === undefined || key === 'erased')
      throw new Error(
        'The key store returned no key for the endpoint: check that it is reachable, and register the endpoint again.',
      );
    return this.sealer.seal(key, text);
  }

  private async open(id: string, sealed: string): Promise<string | null> {
    const key = (await this.sealer.keys.keysFor([id])).get(id);
    return key === undefined || key === 'erased' ? null : this.sealer.open(key, sealed);
  }
}

interface TableRow extends Row {
  readonly endpoint_id: string;
  readonly url: string;
  readonly feeds: readonly string[];
  readonly status: string;
  readonly secret: string;
  readonly created_at: Instant;
}
