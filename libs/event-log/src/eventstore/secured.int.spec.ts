import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { collect, Samples, statuses } from '../../conformance/fixture.js';
import { onFakeServer } from './testdata/on-fake-server.js';

const on = onFakeServer();
const samples = new Samples();

/** A certificate of its own making for 127.0.0.1; null where there is no openssl to make it. */
function certificate(): {
  readonly folder: string;
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly file: string;
} | null {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-tls-'));
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  try {
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', file, ...subject],
      {
        stdio: 'ignore',
      },
    );
    return { folder, key: readFileSync(key), cert: readFileSync(file), file };
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return null;
  }
}

const made = certificate();
if (made === null) console.warn('Skipped over TLS: there is no openssl here to make a certificate.');

(made === null ? describe.skip : describe)('a server behind TLS and a password', () => {
  const { folder = '', key = Buffer.alloc(0), cert = Buffer.alloc(0), file = '' } = made ?? {};

  it.each([true, false])('is reached by the connection string alone (BatchAppend %s)', async (batchAppend) => {
    const server = await on.server({ batchAppend, tls: { key, cert }, credentials: 'perennial:p@ss word' });
    const at = (who: string) => `esdb://${who}@127.0.0.1:${server.port}?tls=true&tlsCaFile=${encodeURIComponent(file)}`;
    const { log } = await on.log({ connectionString: at(`perennial:${encodeURIComponent('p@ss word')}`) });
    const items = samples.items(20);
    expect(statuses(await log.appendMany(items))).toEqual(items.map(() => 'accepted'));
    expect(await collect(log.readAll(0))).toHaveLength(20);
    expect(server.calls.batchAppend > 0).toBe(batchAppend);

    const denied = on.log({ connectionString: at('perennial:wrong') });
    await expect(denied).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('rejects this user'),
    });
    await expect(denied).rejects.toMatchObject({ message: expect.not.stringContaining('wrong') });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));
});
