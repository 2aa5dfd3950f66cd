import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A server's key and certificate, PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority that Node does not know by default. */
export interface Authority {
  /** The file of its certificate. */
  readonly file: string;
  certificateFor(name: string): ServerCertificate;
}

/** Makes an authority in a folder with openssl; null where openssl is not installed. */
export function makeAuthority(folder: string): Authority | null {
  const [key, file] = [join(folder, 'authority.key'), join(folder, 'authority.pem')];
  const made = openssl('req', '-x509', ...EC, '-subj', '/CN=authority', '-days', '2', '-keyout', key, '-out', file);
  if (!made) return null;
  return {
    file,
    certificateFor: (name) => {
      const of = (part: string) => join(folder, `${name}.${part}`);
      writeFileSync(of('names'), `subjectAltName=DNS:${name}\n`);
      openssl('req', ...EC, '-subj', `/CN=${name}`, '-keyout', of('key'), '-out', of('request'));
      openssl(
        ...['x509', '-req', '-in', of('request'), '-CA', file, '-CAkey', key, '-CAcreateserial', '-days', '2'],
        ...['-extfile', of('names'), '-out', of('pem')],
      );
      return { key: readFileSync(of('key'), 'utf8'), cert: readFileSync(of('pem'), 'utf8') };
    },
  };
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function openssl(...args: readonly string[]): boolean {
  return spawnSync('openssl', args, { stdio: 'ignore' }).status === 0;
}
