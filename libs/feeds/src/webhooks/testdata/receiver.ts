import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it arrived. */
export interface Received {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How a request is answered: by a status, maybe with headers; by closing the connection; or not at all. */
export type Reply =
  number | { readonly status: number; readonly headers: Record<string, string> } | 'broken' | 'silent';

/** A channel's endpoint on this machine: records requests, and answers as `answer` says. */
export class Receiver {
  readonly received: Received[] = [];
  /** Those that it accepted. */
  readonly accepted: Received[] = [];
  answer: (request: Received) => Reply = () => 204;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(port = 0): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const receiver = new Receiver(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const one = {
          ...{ id: String(request.headers['webhook-id']), headers: request.headers },
          body: Buffer.concat(chunks).toString('utf8'),
        };
        receiver.received.push(one);
        const reply = receiver.answer(one);
        if (reply === 'silent') return;
        if (reply === 'broken') {
          request.socket.destroy();
          return;
        }
        const { status, headers } = typeof reply === 'number' ? { status: reply, headers: {} } : reply;
        if (status >= 200 && status < 300) receiver.accepted.push(one);
        response.writeHead(status, headers).end();
      });
    });
    return receiver;
  }

  /** Closes open connections, as a restarting server does. */
  dropConnections(): void {
    this.server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
