import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net';

/**
 * The cable to a server: what is cut is the connection, with all that is on its way in both directions, not the server. It
 * works with any server that is reached in plain text, a real one too.
 */
export class Cable {
  #port = 0;
  #listener: Listener | null = null;
  #frozen = false;
  readonly #sockets = new Set<Socket>();
  readonly #pairs = new Map<Socket, Socket>();

  private constructor(private readonly server: { readonly host: string; readonly port: number }) {}

  static async to(server: { readonly host: string; readonly port: number }): Promise<Cable> {
    const cable = new Cable(server);
    await cable.restore();
    return cable;
  }

  /** The near end, on this machine. */
  get port(): number {
    return this.#port;
  }

  /** Cuts off every client: connections break, the port is closed. */
  cutOff(): void {
    this.#listener?.close();
    this.#listener = null;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** Nothing passes any more, and nothing breaks: as a process that is stopped, or a network that drops every packet. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** Everything passes again, with what waited. */
  thaw(): void {
    this.#frozen = false;
    for (const [socket, other] of this.#pairs) socket.pipe(other);
  }

  /** Leads there again, from the same port. */
  async restore(): Promise<void> {
    if (this.#listener !== null) return;
    const listener = createServer((outside) => {
      const inside = connect(this.server.port, this.server.host);
      for (const [socket, other] of [
        [outside, inside],
        [inside, outside],
      ] as const) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', () => undefined);
        this.#pairs.set(socket, other);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          this.#pairs.delete(socket);
          other.destroy();
        });
        if (!this.#frozen) socket.pipe(other);
      }
    });
    this.#frozen = false;
    listener.listen(this.#port, '127.0.0.1');
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
  }
}
