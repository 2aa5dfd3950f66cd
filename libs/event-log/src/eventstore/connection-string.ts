import { EventStoreDBClient } from '@eventstore/db-client';
import { withoutWarningOfAddresses } from './diagnosis.js';
import { EventLogError } from '../port.js';

/** The options that the client knows, as it compares them: without case and joints. */
const OPTIONS = new Set(
  [
    ['usercertfile', 'userkeyfile', 'maxdiscoverattempts', 'connectionname', 'defaultdeadline', 'discoveryinterval'],
    ['gossiptimeout', 'nodepreference', 'tls', 'tlsverifycert', 'tlscafile', 'throwonappendfailure'],
    ['keepaliveinterval', 'keepalivetimeout'],
  ].flat(),
);

/** The newer servers' own names for the same protocol, which this client does not know. */
const SCHEMES = /^\s*(?:kurrentdb|kurrent|kdb)(?=(?:\+discover)?:\/\/)/;

/** Which log on which server: `esdb://host:2113?tls=true#name`. Without a name it is the one that every server has room for. */
export function logAt(text: string): { readonly connectionString: string; readonly name: string | null } {
  const [, address = '', name = null] = /^(.*?)(?:#([^@#]*))?$/s.exec(text) ?? [];
  return { connectionString: address.replace(SCHEMES, 'esdb'), name };
}

/**
 * The client for a connection string. The client prints the whole of a string in which it finds something odd, password
 * and all, on the console or in an error; so what is odd is found here, and said without repeating the string.
 */
export function clientFor(connectionString: string): EventStoreDBClient {
  const query = connectionString.split('?')[1] ?? '';
  const kept: string[] = [];
  for (const option of query.split('&').filter((one) => one !== '')) {
    const [key = '', value = ''] = option.split('=');
    const name = key.trim().toLowerCase().replace(/[_-]/g, '');
    if (!OPTIONS.has(name)) throw odd(`it has no option ${key}`);
    if (name === 'tlsverifycert' && value.trim() === 'false')
      throw odd('its certificate cannot be left unverified: name the authority by tlsCaFile');
    // A failed append must throw: told otherwise, the client gives a revision that it did not read.
    if (name !== 'throwonappendfailure') kept.push(option);
  }
  withoutWarningOfAddresses();
  const [address = ''] = connectionString.split('?');
  try {
    return EventStoreDBClient.connectionString(kept.length === 0 ? address : `${address}?${kept.join('&')}`);
  } catch (error) {
    const file = error instanceof Error && /certificate/i.test(error.message);
    throw odd(
      file
        ? 'a certificate that it names cannot be read'
        : 'it is not of the form esdb://user:password@host:2113?tls=true',
    );
  }
}

function odd(what: string): EventLogError {
  return new EventLogError('unavailable', `The connection string of the event log cannot be used: ${what}.`);
}
