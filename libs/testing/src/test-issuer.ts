import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CryptoKey, JWK } from 'jose';

export interface SigningOptions {
  readonly alg?: string;
  /** Which key signs; by default the newest of the algorithm. */
  readonly kid?: string;
  readonly header?: Readonly<Record<string, unknown>>;
}

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** An identity provider that serves its metadata and keys on 127.0.0.1, and signs whatever a spec wants. */
export class TestIssuer {
  readonly requests: string[] = [];
  /** What it calls itself in its metadata. */
  calledItself: string | null = null;
  private readonly keys: Key[] = [];
  private server: Server | null = null;
  private port = 0;

  static async start(): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    await issuer.addKey('RS256');
    await issuer.listen();
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async addKey(alg: string, kid = `${alg}-${this.keys.length + 1}`): Promise<Key> {
    const { exportJWK, generateKeyPair } = await import('jose');
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const key = { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
    this.keys.push(key);
    return key;
  }

  /** A new key takes the place of all that were there. */
  async rotate(): Promise<void> {
    const count = this.keys.length;
    await this.addKey('RS256');
    this.keys.splice(0, count);
  }

  /** Comes back at the same address. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      this.requests.push(request.url ?? '');
      const body = request.url?.includes('openid-configuration')
        ? { issuer: this.calledItself ?? this.url, jwks_uri: `${this.url}/keys` }
        : { keys: this.keys.map(({ publicJwk }) => publicJwk) };
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    server?.closeAllConnections();
    await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  }

  /** The first public key, as its JSON: what a forger can have. */
  get publicKey(): string {
    return JSON.stringify(this.keys[0]?.publicJwk);
  }

  async sign(
    claims: Readonly<Record<string, unknown>>,
    { alg = 'RS256', kid, header = {} }: SigningOptions = {},
  ): Promise<string> {
    const key = this.keys.findLast((each) => each.alg === alg && (kid === undefined || each.kid === kid));
    if (key === undefined) throw new Error('The issuer has no such key.');
    const { SignJWT } = await import('jose');
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
      .sign(key.privateKey);
  }
}
