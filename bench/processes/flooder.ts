import { connect, type Socket } from 'node:net';
import { ID, type Flood, type Flooded } from '../measuring/flood.js';

/** Numbers of events, over all that this process sends: so no event is the repetition of another. */
let events = 0;

/** Writes a request with new numbers, without building it again. */
function requests({ url, path, key, template }: Flood): () => Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(url).host}`,
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(template)}`,
  ];
  const whole = Buffer.from(`${head.join('\r\n')}\r\n\r\n${template}`);
  const places: number[] = [];
  for (let at = whole.indexOf(ID); at !== -1; at = whole.indexOf(ID, at + ID.length)) places.push(at);
  return () => {
    const next = Buffer.from(whole);
    for (const place of places) next.write(String((events += 1)).padStart(ID.length, '0'), place, 'latin1');
    return next;
  };
}

/** One connection, with one request under way, until the time is over; opened again where the server closes it. */
function lane(flood: Flood, until: number, next: () => Buffer, answered: (status: string) => void): Promise<void> {
  const { hostname, port } = new URL(flood.url);
  return new Promise((resolve) => {
    const open = (): Socket => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      let received = '';
      const send = (): void => {
        if (performance.now() >= until) {
          socket.destroy();
          resolve();
        } else socket.write(next());
      };
      socket.setEncoding('latin1');
      socket.on('connect', send);
      socket.on('data', (chunk: string) => {
        received += chunk;
        const head = received.indexOf('\r\n\r\n');
        if (head === -1) return;
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1] ?? 0);
        if (received.length < head + 4 + length) return;
        answered(received.slice(9, 12));
        const closes = /\r\nconnection: close/i.test(received.slice(0, head));
        received = '';
        if (closes) socket.destroy();
        else send();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (performance.now() < until) open();
        else resolve();
      });
      return socket;
    };
    open();
  });
}

async function run(flood: Flood): Promise<Flooded> {
  const statuses: Record<string, number> = {};
  let requests_ = 0;
  const begun = performance.now();
  const next = requests(flood);
  const until = begun + flood.ms;
  await Promise.all(
    Array.from({ length: flood.connections }, () =>
      lane(flood, until, next, (status) => {
        requests_ += 1;
        statuses[status] = (statuses[status] ?? 0) + 1;
      }),
    ),
  );
  return { requests: requests_, ms: performance.now() - begun, statuses };
}

process.on('message', (flood: Flood) => void run(flood).then((flooded) => process.send?.(flooded)));
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true });
