import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net';

/**
 * The cable to a server: what is cut is the connection, with all that is on its way in both directions, not the server. It
 * works with any server that is reached in plain text, a real one too.
 */
export class Cable {
  #port = 0;
  #listener: Listener | null = null;
  readonly #sockets = new Set<Socket>();

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

  /** Leads there again, from the same port. */
  async restore(): Promise<void> {
    const listener = createServer((outside) => {
      const inside = connect(this.server.port, this.server.host);
      for (const [socket, other] of [
        [outside, inside],
        [inside, outside],
      ] as const) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    listener.listen(this.#port, '127.0.0.1');
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
  }
}
