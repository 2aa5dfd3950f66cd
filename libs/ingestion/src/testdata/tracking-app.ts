import { ApiKeys } from '#keys';
import { ManageSources, RegisterSource } from '../sources/manage-sources.js';
import { IngestionApp } from './intake-app.js';

/** An answer to calls, as a spec reads it. */
export interface Tracked {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly success?: boolean;
    readonly accepted?: number;
    readonly message?: string;
    readonly code?: string;
    readonly rejected?: readonly { readonly index: number; readonly error: string; readonly pointer: string }[];
  };
}

export interface TrackedRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'OPTIONS' | 'DELETE';
  readonly url: string;
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The intake with sources of analytics libraries, and what their libraries send. */
export class TrackingApp {
  private constructor(readonly engine: IngestionApp) {}

  static async start(...given: Parameters<(typeof IngestionApp)['start']>): Promise<TrackingApp> {
    return new TrackingApp(await IngestionApp.start(...given));
  }

  /** Registers a source, and gives its write key. */
  async source(name: string, settings: object = {}): Promise<string> {
    const verdict = await this.engine.app
      .get(ManageSources)
      .register(new RegisterSource({ name, kind: 'segment', ...settings }, 'local'));
    if (verdict.outcome !== 'done') throw new Error(JSON.stringify(verdict));
    return this.key([name]);
  }

  /** A key that publishes for these sources. */
  key(sources: readonly string[], rate?: Readonly<Record<string, number>>): string {
    const options = { role: 'channel', expiresAt: Date.now() + 3_600_000, scopes: { sources } } as const;
    return this.engine.app
      .get(ApiKeys)
      .create(`of ${sources.join()}`, ['publish'], rate === undefined ? options : { ...options, rate }).key;
  }

  async send({ method = 'POST', url, key = null, body, headers = {} }: TrackedRequest): Promise<Tracked> {
    const raw = typeof body === 'string' || Buffer.isBuffer(body) || body === undefined;
    const answer = await this.engine.app.inject({
      ...{ method, url },
      ...(body === undefined ? {} : { payload: raw ? body : JSON.stringify(body) }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === null ? {} : { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }),
        ...headers,
      },
    });
    return {
      ...{ status: answer.statusCode, headers: answer.headers },
      body: answer.body === '' ? {} : (JSON.parse(answer.body) as Tracked['body']),
    };
  }

  /** The touchpoints that the log holds of a source. */
  async events(
    source: string,
  ): Promise<readonly { id: string; type: string; occurredAt: number; data: unknown; meta: string }[]> {
    const found = [];
    for await (const page of this.engine.log.readAll(0))
      for (const event of page)
        if (event.source === source)
          found.push({
            ...{ id: event.id, type: event.type, occurredAt: event.occurredAt, meta: event.meta },
            data: JSON.parse(event.data) as unknown,
          });
    return found;
  }

  stop(): Promise<void> {
    return this.engine.stop();
  }
}
