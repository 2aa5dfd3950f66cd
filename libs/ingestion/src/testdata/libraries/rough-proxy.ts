import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** What happens to a request on its way. After `answer-lost` and `late` the engine has it, and the library does not know. */
const FAILURES = ['500', '429', '503', 'connection-dropped', 'answer-lost', 'late'] as const;
type Failure = (typeof FAILURES)[number];

/** Longer than any library of the specs waits for an answer. */
const LATE_MS = 2_500;

/** Stands between a library and the engine, and fails: each batch meets one failure or two, and then gets through. */
export class RoughProxy {
  /** What the engine answered of the calls that reached it. */
  readonly counts = { received: 0, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };
  readonly met: Record<Failure, number> = {
    '500': 0,
    '429': 0,
    '503': 0,
    'connection-dropped': 0,
    'answer-lost': 0,
    late: 0,
  };
  private failures = 0;
  private readonly attempts = new Map<string, number>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  static async start(target: string): Promise<RoughProxy> {
    const server = createServer();
    const proxy = new RoughProxy(server, new URL(target));
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) => void proxy.handle(incoming, answer));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => void this.server.close(resolve));
  }

  private async handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const failure = this.failureOf(incoming, body);
    if (failure !== null) this.met[failure] += 1;
    if (failure === 'connection-dropped') return void incoming.socket.destroy();
    if (failure === '500' || failure === '429' || failure === '503') {
      answer.writeHead(Number(failure), failure === '500' ? {} : { 'retry-after': '1' }).end('{}');
      return;
    }
    const { status, headers, text } = await this.forward(incoming, body);
    if (failure === 'answer-lost') return void incoming.socket.destroy();
    if (failure === 'late') await new Promise((resolve) => setTimeout(resolve, LATE_MS));
    if (!answer.destroyed) answer.writeHead(status, headers).end(text);
  }

  /** The first attempts of two batches in three fail, each in another way, and of some of them the second ones too. */
  private failureOf({ headers }: IncomingMessage, body: Buffer): Failure | null {
    const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8');
    const name = /"(?:messageId|uuid)": ?"([^"]*)"/.exec(text)?.[1] ?? '';
    const attempt = (this.attempts.get(name) ?? 0) + 1;
    this.attempts.set(name, attempt);
    const batch = [...this.attempts.keys()].indexOf(name);
    if (attempt > 2 || batch % 3 === 2 || (attempt === 2 && batch % 2 === 0)) return null;
    this.failures += 1;
    return FAILURES[this.failures % FAILURES.length] ?? null;
  }

  private forward(
    { method, url, headers }: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: Record<string, string>; text: string }> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.target;
      const outgoing = request(
        { hostname, port, method, agent: false, path: url, headers: { ...headers, host: this.target.host } },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const counted = JSON.parse(text) as Partial<RoughProxy['counts']>;
            for (const name of Object.keys(this.counts) as (keyof RoughProxy['counts'])[])
              this.counts[name] += counted[name] ?? 0;
            resolve({ status: answer.statusCode ?? 500, headers: { 'content-type': 'application/json' }, text });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}
