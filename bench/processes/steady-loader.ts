import { Agent, request } from 'node:http';
import { shopEvent } from '../measuring/shop-events.js';

/** Events at a steady rate, some of which are looked for in the read models until they can be seen. */
export interface SteadyLoad {
  readonly url: string;
  readonly token: string;
  /** Number of the first event. */
  readonly first: number;
  readonly perSecond: number;
  /** Events of one request. */
  readonly batch: number;
  readonly seconds: number;
  readonly customers: number;
  /** Events a second that are looked for. */
  readonly probesPerSecond: number;
  /** How long it is waited between an answer that does not show it and the next question. */
  readonly askEveryMs: number;
}

export interface SteadilyLoaded {
  readonly sent: number;
  /** From the moment at which a looked-for event was due to be sent until an answer of the API showed it. */
  readonly visibleMs: readonly number[];
  /** From the moment at which a request was due until its answer: durable. */
  readonly acknowledgedMs: readonly number[];
  /** How much later than due requests were sent, at most: the sender's own fault. */
  readonly lateMsMax: number;
  readonly unseen: number;
}

const UNSEEN_AFTER_MS = 20_000;
/** Customers whose events are looked for, in turn. */
const PROBED = 200;

async function send(load: SteadyLoad): Promise<SteadilyLoaded> {
  const { url, token, first, perSecond, batch, seconds, customers, probesPerSecond, askEveryMs } = load;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const runQuery = (method: string, path: string, body?: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      };
      const sent = request(`${url}${path}`, { method, agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });

  const shop = { shop: 'steady', customers, until: Date.now() };
  const visibleMs: number[] = [];
  const acknowledgedMs: number[] = [];
  let lateMsMax = 0;
  let unseen = 0;

  /** Asks until the customer was last seen when the looked-for event happened, or later. */
  const lookFor = async (value: string, occurredAt: number, due: number): Promise<void> => {
    const path = `/v1/query/customer?identifier=${encodeURIComponent(`userId:${value}`)}`;
    while (performance.now() - due < UNSEEN_AFTER_MS) {
      const { status, text } = await runQuery('GET', path);
      const now = performance.now();
      if (status !== 200 && status !== 404) throw new Error(`The engine answered ${status}: ${text}`);
      const rows =
        status === 404 ? [] : (JSON.parse(text) as { readonly rows: { readonly lastSeenAt: string }[] }).rows;
      if (Date.parse(rows[0]?.lastSeenAt ?? '') >= occurredAt) {
        visibleMs.push(now - due);
        return;
      }
      await new Promise((wake) => setTimeout(wake, askEveryMs));
    }
    unseen += 1;
  };

  const requests = Math.round((perSecond * seconds) / batch);
  const everyMs = (1_000 * batch) / perSecond;
  const probeEvery = Math.max(1, Math.round(perSecond / batch / probesPerSecond));
  const underWay: Promise<void>[] = [];
  const begun = performance.now();
  for (let n = 0; n < requests; n += 1) {
    const due = begun + n * everyMs;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((wake) => setTimeout(wake, wait));
    lateMsMax = Math.max(lateMsMax, performance.now() - due);
    const occurredAt = Date.now();
    const time = new Date(occurredAt).toISOString();
    const events: object[] = [];
    for (let i = 0; i < batch; i += 1) events.push({ ...shopEvent(first + n * batch + i, shop), time });
    const probe = n % probeEvery === 0 ? `probe-${(n / probeEvery) % PROBED}` : null;
    if (probe !== null) events[0] = { ...events[0], identifiers: [{ namespace: 'userId', value: probe }] };
    underWay.push(
      runQuery('POST', '/v1/touchpoints', JSON.stringify(events)).then(({ status, text }) => {
        if (status !== 200 || (JSON.parse(text) as { readonly accepted: number }).accepted !== batch)
          throw new Error(`The engine answered ${status}: ${text}`);
        acknowledgedMs.push(performance.now() - due);
      }),
    );
    if (probe !== null) underWay.push(lookFor(probe, occurredAt, due));
  }
  await Promise.all(underWay);
  agent.destroy();
  return { sent: requests * batch, visibleMs, acknowledgedMs, lateMsMax, unseen };
}

process.once('message', (load: SteadyLoad) => {
  void send(load).then(
    (loaded) => process.send?.(loaded, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.({ ready: true });
