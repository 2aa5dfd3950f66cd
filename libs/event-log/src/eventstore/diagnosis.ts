import { readFileSync } from 'node:fs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { EventStoreDBClient } from '@eventstore/db-client';

/** A server that says nothing for so long tells nothing. */
const PROBE_MS = 2_000;
const PORT = 2_113;

/** What is wrong with a server that does not answer. */
export interface Diagnosis {
  /** In a sentence, with what to do. */
  readonly text: string;
  /** It stays so however long the caller waits. */
  readonly lasting: boolean;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Looks for the reason why a server does not answer: what TLS says of its certificate, whether it speaks TLS at all, and whether the node that
 * discovery names can be reached. Null where nothing is found but silence.
 */
export async function diagnose(connectionString: string, client: EventStoreDBClient): Promise<Diagnosis | null> {
  const { addresses, discovers, tls, authority } = partsOf(connectionString);
  for (const address of addresses) {
    const fault = await faultOf(address, tls, authority);
    if (fault !== null) return { text: fault, lasting: true };
  }
  if (!discovers) return null;
  // What the client itself does before it connects: it asks the addresses for the members of the cluster.
  const { resolveUri } = client as unknown as { resolveUri(): Promise<string> };
  const node = await resolveUri().catch(() => null);
  if (node === null) return null;
  const named = addressOf(node);
  const broken = await reach(named);
  if (broken !== null)
    return {
      text:
        `Discovery worked at ${addresses.map(textOf).join(', ')}: it named the node ${node}, which cannot be reached from here (${broken}). ` +
        'Let the node advertise an address that this machine reaches (AdvertiseHostToClientAs and AdvertiseNodePortToClientAs in its configuration).',
      lasting: false,
    };
  const fault = await faultOf(named, tls, authority);
  return fault === null ? null : { text: `Discovery named the node ${node}. ${fault}`, lasting: true };
}

function partsOf(connectionString: string) {
  const [, discover, hosts = '', query = ''] =
    /^\s*\w+(\+discover)?:\/\/(?:[^@/]*@)?([^/?#]*)[^?#]*(?:\?([^#]*))?/.exec(connectionString) ?? [];
  const options = new Map(
    query.split('&').map((option) => {
      const [key = '', value = ''] = option.split('=');
      return [key.trim().toLowerCase().replace(/[_-]/g, ''), decodeURIComponent(value.trim())] as const;
    }),
  );
  const addresses = hosts.split(',').map(addressOf);
  return {
    addresses,
    discovers: discover !== undefined || addresses.length > 1,
    tls: options.get('tls') !== 'false',
    authority: options.get('tlscafile'),
  };
}

function addressOf(text: string): Address {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(text.trim()) ?? [];
  return { host: bracketed ?? plain, port: port === undefined ? PORT : Number(port) };
}

const textOf = ({ host, port }: Address): string => `${host}:${port}`;

/** What TLS says; null where it says nothing, because it is fine or because no connection could be made. */
async function faultOf(address: Address, tls: boolean, authority: string | undefined): Promise<string | null> {
  const at = textOf(address);
  if (!tls) {
    const answer = await handshake(address, { rejectUnauthorized: false });
    return answer === null
      ? `The server at ${at} speaks TLS, and the connection string says tls=false: say tls=true.`
      : null;
  }
  const ca = authority === undefined ? {} : { ca: readFileSync(authority) };
  const error = await handshake(address, ca);
  if (error === null) return null;
  const { code = '', message } = error;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return (
      `TLS rejects the server at ${at}: its certificate is for another host name: it names ${error.cert?.subjectaltname ?? 'none'}. Name the server as its certificate does` +
      `${authority === undefined ? ', and the authority of the certificate by tlsCAFile' : ''}.`
    );
  if (/^(?:CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/.test(code))
    return `TLS rejects the server at ${at}: ${message}. Renew its certificate, or set the clocks.`;
  if (AUTHORITY.test(code))
    return (
      `TLS rejects the server at ${at}: its certificate is from an unknown authority (${message}). ` +
      (authority === undefined
        ? 'Name the certificate of the authority in the connection string: tlsCAFile=/path/to/ca.crt.'
        : `The authority in ${authority}, which tlsCAFile names, did not sign it.`)
    );
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|EPROTO/.test(`${code} ${message}`))
    return (
      `The server at ${at} answers in plain text, and the connection string asks for TLS (${message.replace(/^.*?(?=wrong|packet)/i, '').trim()}). ` +
      'Say tls=false if that is meant; else let the server use TLS, and name the authority of its certificate by tlsCAFile.'
    );
  return null;
}

const AUTHORITY = /SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|CERT_UNTRUSTED|INVALID_CA|CERT_CHAIN/;

interface Failure {
  readonly code?: string | undefined;
  /** What was presented, where it names another host. */
  readonly cert?: { readonly subjectaltname?: string };
  readonly message: string;
}

/** One TLS handshake: null where it succeeds. */
function handshake(
  { host, port }: Address,
  options: { readonly ca?: Buffer; readonly rejectUnauthorized?: boolean },
): Promise<Failure | null> {
  // An address has no server name: naming it there is what Node warns of.
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ host, port, ALPNProtocols: ['h2'], ...name, ...options });
  return settled(socket, 'secureConnect');
}

/** Why no connection can be made; null where it can. */
async function reach({ host, port }: Address): Promise<string | null> {
  return (await settled(connectPlain({ host, port }), 'connect'))?.message ?? null;
}

function settled(socket: Socket | TLSSocket, event: 'connect' | 'secureConnect'): Promise<Failure | null> {
  return new Promise((resolve) => {
    const end = (failure: Failure | null) => {
      socket.destroy();
      resolve(failure);
    };
    socket.setTimeout(PROBE_MS, () => end({ code: 'ETIMEDOUT', message: `no answer within ${PROBE_MS} ms` }));
    socket.once(event, () => end(null));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error));
    socket.once('close', () => end({ code: 'ECONNRESET', message: 'the connection was closed' }));
  });
}

/**
 * Node warns, on the console, when a TLS server is named by an address, as the client does. The certificate is checked
 * all the same.
 */
export function withoutWarningOfAddresses(): void {
  if (filtered) return;
  filtered = true;
  const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = (...args: unknown[]) => {
    if (!args.includes('DEP0123')) emit(...args);
  };
}

let filtered = false;
