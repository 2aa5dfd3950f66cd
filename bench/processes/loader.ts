import { Agent, request } from 'node:http';
import { CONTENT_TYPES, shopBodies, type BodyFormat, type ShopOptions } from '../measuring/shop-events.js';
import { usageNow, type Usage } from '../measuring/usage.js';

/** What to send, to which server, and when to give up. */
export interface Load {
  readonly url: string;
  readonly token: string;
  readonly shop: ShopOptions;
  readonly format: BodyFormat;
  /** Number of the first event; 0 unless said. */
  readonly first?: number;
  /** Events sent before the clock runs, so that the server is warm. */
  readonly untimed: number;
  readonly events: number;
  readonly batch: number;
  readonly connections: number;
  readonly timeMaxMs: number;
}

/** What came of it. */
export interface Loaded {
  readonly events: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** Of each timed request. */
  readonly latenciesMs: readonly number[];
  readonly accepted: number;
  /** Requests that were sent again because the server said it was overloaded. */
  readonly rejected: number;
  readonly before: Usage;
  readonly after: Usage;
}

/** Sends bodies that were built beforehand over a few connections that are kept, each with one request under way. */
async function send(load: Load): Promise<Loaded> {
  const { url, token, shop, format, first = 0, untimed, events, batch, connections, timeMaxMs } = load;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const headers = { authorization: `Bearer ${token}`, 'content-type': CONTENT_TYPES[format] };
  const post = (body: Buffer): Promise<{ readonly status: number; readonly text: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${url}/v1/touchpoints`,
        { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });

  const sendAll = async (bodies: readonly Buffer[]) => {
    const latenciesMs: number[] = [];
    let accepted = 0;
    let rejected = 0;
    let next = 0;
    let bytes = 0;
    const giveUpAt = performance.now() + timeMaxMs;
    const lane = async (): Promise<void> => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        if (performance.now() > giveUpAt) throw new Error(`Not sent within ${timeMaxMs} ms.`);
        const begun = performance.now();
        let answer = await post(body);
        while (answer.status === 429 || answer.status === 503) {
          rejected += 1;
          await new Promise((wake) => setTimeout(wake, 50));
          answer = await post(body);
        }
        if (answer.status !== 200) throw new Error(`The server answered ${answer.status}: ${answer.text}`);
        latenciesMs.push(performance.now() - begun);
        accepted += (JSON.parse(answer.text) as { readonly accepted: number }).accepted;
        bytes += body.length;
      }
    };
    await Promise.all(Array.from({ length: connections }, lane));
    return { latenciesMs, accepted, rejected, bytes };
  };

  const bodies = shopBodies(first + untimed, events, batch, format, shop);
  await sendAll(shopBodies(first, untimed, batch, format, shop));
  await message({ warm: true });
  const before = usageNow();
  const begun = performance.now();
  const sent = await sendAll(bodies);
  const elapsedMs = performance.now() - begun;
  const after = usageNow();
  agent.destroy();
  return { events, elapsedMs, before, after, ...sent };
}

/** Tells the parent something, and waits for its answer. */
function message(told: object): Promise<unknown> {
  return new Promise((resolve) => {
    process.once('message', resolve);
    process.send?.(told);
  });
}

const load = (await message({ ready: true })) as Load;
process.send?.(await send(load), () => process.exit(0));
