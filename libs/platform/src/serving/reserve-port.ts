import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PROBLEM_JSON, problemDocument } from '../problems/problem.js';

/** The address cannot be listened on: nothing was opened and nothing written. */
export class ListenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ListenError';
  }
}

/** Where a process listens, with the setting that names the port. */
export interface ListenAddress {
  readonly port: number;
  readonly host: string;
  /** `PORT`, `RELAY_PORT`, … */
  readonly portSetting: string;
}

/**
 * A socket that listens before anything else is done, so that a taken port costs nothing. Until the application takes the socket over, each
 * request is answered 503: the process is starting.
 */
export class ReservedPort {
  private constructor(private readonly starting: Server) {}

  /** @throws ListenError one sentence: what is wrong and what to do */
  static async open(address: ListenAddress): Promise<ReservedPort> {
    const starting = createServer({ keepAlive: false, requireHostHeader: false }, answerStarting);
    starting.listen(address.port, address.host);
    try {
      await once(starting, 'listening');
    } catch (error) {
      throw new ListenError(sentence(error as NodeJS.ErrnoException, address), { cause: error });
    }
    return new ReservedPort(starting);
  }

  /** From its next `listen` on, the server has this socket, and the addresses that it is given there are left aside. */
  handTo(server: Server): void {
    const listen = server.listen.bind(server);
    const { starting } = this;
    server.listen = (...args: unknown[]): Server => {
      server.listen = listen;
      const callback = args.find((each) => typeof each === 'function') as (() => void) | undefined;
      starting.removeAllListeners('request');
      return listen(starting, callback);
    };
  }

  /** For a start that fails before the socket was handed over. */
  close(): void {
    this.starting.close();
    this.starting.closeAllConnections();
  }
}

const LIVE = '{"status":"live"}';
const RETRY_AFTER_S = 1;

function answerStarting({ url }: IncomingMessage, response: ServerResponse): void {
  if (url === '/health/live') {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(LIVE);
    return;
  }
  const headers = { 'content-type': PROBLEM_JSON, 'retry-after': String(RETRY_AFTER_S), connection: 'close' };
  const problem = { type: 'not-ready', detail: 'The process is starting: its stores are being opened.' };
  response.writeHead(503, headers).end(JSON.stringify(problemDocument(503, problem)));
}

function sentence(error: NodeJS.ErrnoException, { port, host, portSetting }: ListenAddress): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is taken by another process. Stop that process, or choose another port: ${portSetting}=${port === 65_535 ? port - 1 : port + 1}. Nothing was written.`;
    case 'EACCES':
    case 'EPERM':
      return `This user may not listen on port ${port} of ${host}: ports below 1024 need a permission of the system. Choose another one: ${portSetting}=3000. Nothing was written.`;
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this machine. Set HOST to one that is: 127.0.0.1, or 0.0.0.0 for all of them. Nothing was written.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The name ${host} has no address here. Set HOST to an address of this machine: 127.0.0.1, or 0.0.0.0 for all of them. Nothing was written.`;
    default:
      return `The process cannot listen on port ${port} of ${host} (${error.message}). Set HOST and ${portSetting}. Nothing was written.`;
  }
}
