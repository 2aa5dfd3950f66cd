import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../../test/services/port.js';
import { openEventStoreLog } from './open-eventstore-log.js';
import { MemoryIdTable } from './memory-ids.js';
import { onFakeServer } from './testdata/on-fake-server.js';

const on = onFakeServer();
const folder = mkdtempSync(join(tmpdir(), 'perennial-diagnosis-'));

/** A certificate of its own making; null where there is no openssl to make it. */
function certificate(name: string, subjectAltName: string) {
  const [key, file] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${subjectAltName}`, '-days', '2'];
  try {
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', file, ...subject];
    execFileSync('openssl', made, { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(file), file };
  } catch {
    return null;
  }
}

const here = certificate('here', 'IP:127.0.0.1');
const elsewhere = certificate('elsewhere', 'DNS:elsewhere.example');

/** Opens a log with the patience of an engine: a minute. It must fail long before. */
const opening = (connectionString: string, openMs = 60_000) =>
  openEventStoreLog({ connectionString, ids: new MemoryIdTable(), openMs });

const [suite, title] =
  here === null || elsewhere === null
    ? [describe.skip, 'a server that TLS rejects (skipped: there is no openssl here to make a certificate)']
    : [describe, 'a server that TLS rejects'];

suite(title, () => {
  const own = here as NonNullable<typeof here>;
  const other = elsewhere as NonNullable<typeof elsewhere>;
  const ca = (file: string) => `tlsCaFile=${encodeURIComponent(file)}`;

  it('is reported with the unknown authority, and what names it', async () => {
    const server = await on.server({ tls: own });
    await expect(opening(`esdb://me:hunter2@127.0.0.1:${server.port}?tls=true`)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /^TLS rejects the server at 127\.0\.0\.1:\d+: its certificate is from an unknown authority \(.+\)\. Name .+tlsCAFile=/,
      ),
    });
    const wrongAuthority = opening(`esdb://127.0.0.1:${server.port}?tls=true&${ca(other.file)}`);
    await expect(wrongAuthority).rejects.toMatchObject({
      message: expect.stringMatching(/unknown authority .+elsewhere\.crt, which tlsCAFile names, did not sign it\./),
    });
  });

  it('is reported with the wrong host name', async () => {
    const server = await on.server({ tls: other });
    await expect(opening(`esdb://127.0.0.1:${server.port}?tls=true&${ca(other.file)}`)).rejects.toMatchObject({
      message: expect.stringMatching(/its certificate is for another host name: it names DNS:elsewhere\.example\./),
    });
  });

  it('is reported as plain text where TLS is asked for, and as TLS where it is not', async () => {
    const plain = await on.server();
    await expect(opening(`esdb://127.0.0.1:${plain.port}?tls=true`)).rejects.toMatchObject({
      message: expect.stringMatching(
        /answers in plain text, and the connection string asks for TLS .+tls=false.+tlsCAFile/,
      ),
    });
    const secured = await on.server({ tls: own });
    await expect(opening(`esdb://127.0.0.1:${secured.port}?tls=false`)).rejects.toMatchObject({
      message: expect.stringMatching(/speaks TLS, and the connection string says tls=false/),
    });
  });

  it('is named by an address without a warning of Node, and leaves nothing open', async () => {
    const server = await on.server({ tls: own });
    const program = `
      const { MemoryIdTable, openEventStoreLog } = await import('#event-log');
      for (const query of ['tls=true&${ca(own.file)}', 'tls=true'])
        await openEventStoreLog({ connectionString: 'esdb://127.0.0.1:${server.port}?' + query, ids: new MemoryIdTable() }).then(
          (log) => log.close().then(() => console.log('opened')),
          () => console.log('rejected'),
        );`;
    const source = ['--conditions=source', '--import', '#from-source', '--input-type=module', '--eval', program];
    // Not synchronously: the server is in this process.
    const { stdout, stderr } = await promisify(execFile)(process.execPath, source, {
      cwd: resolve(import.meta.dirname, '../../../..'),
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'opened\nrejected\n', stderr: '' });
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));
});

describe('a cluster whose node advertises an address that cannot be reached', () => {
  it('is reported as such: discovery worked', async () => {
    const port = await freePort();
    const server = await on.server({ leader: () => ({ host: '127.0.0.1', port }) });
    await expect(opening(`esdb+discover://127.0.0.1:${server.port}?tls=false`, 4_000)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        new RegExp(
          `^Discovery worked at 127\\.0\\.0\\.1:${server.port}: it named the node 127\\.0\\.0\\.1:${port}, which cannot be reached`,
        ),
      ),
    });
  });
});
