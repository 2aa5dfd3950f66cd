import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestPostgres } from '../../../../test/services/postgres.js';
import { migrate } from '#projections';
import type { Database } from '../port.js';
import { openDatabase } from '../open-database.js';
import { checkVersion, describePostgresError, whereOf } from './errors.js';
import type { PostgresOptions } from './postgres.js';
import { describeOnPostgres } from '#testing/stores';

const WHERE = { host: 'db.example:5432', database: 'perennial', user: 'engine' };

describe('errors of a PostgreSQL server', () => {
  it('reject one that is too old, and name the oldest supported', () => {
    expect(() => checkVersion(140_011, WHERE)).toThrow(
      'PostgreSQL at db.example:5432 is version 14, and 15 is the oldest supported: upgrade it, or give POSTGRES_URL another server.',
    );
    for (const number of [150_000, 180_004]) expect(() => checkVersion(number, WHERE)).not.toThrow();
  });

  it('never contain the password', () => {
    const where = whereOf('postgres://engine:s3cret@db.example:5432/perennial');
    expect(where).toEqual(WHERE);
    expect(describePostgresError({ code: '28P01', message: 'no' }, where).message).not.toContain('s3cret');
  });

  it('say how an address is written when it is not valid', () => {
    expect(() => whereOf('localhost five four')).toThrow(/postgres:\/\/USER:PASSWORD@HOST:PORT\/DATABASE/);
  });

  it('keep the message of the server where no fix is known', () => {
    expect(describePostgresError({ code: '42P01', message: 'relation "x" does not exist' }, WHERE)).toMatchObject({
      message: 'relation "x" does not exist',
      code: '42P01',
    });
  });
});

describeOnPostgres('the connection', (offer) => {
  let server: TestPostgres;
  let admin: Database;
  let database: string;
  beforeAll(async () => {
    server = await offer.start();
    admin = await openDatabase({ kind: 'postgres', url: server.url });
    database = new URL(server.url).pathname.slice(1);
  });
  afterAll(async () => {
    await admin.close();
    await server.stop();
  });

  const open = (options: PostgresOptions = {}, change: (url: URL) => unknown = () => undefined): Promise<Database> => {
    const url = new URL(server.url);
    change(url);
    return openDatabase({ kind: 'postgres', url: url.href, ...options });
  };
  const using = async (options: PostgresOptions, work: (database: Database) => Promise<void>): Promise<void> => {
    const opened = await open(options);
    try {
      await work(opened);
    } finally {
      await opened.close();
    }
  };

  it('names the server that does not answer', async () => {
    const opening = open({}, (url) => {
      url.port = '9';
    });
    await expect(opening).rejects.toThrow(
      /^PostgreSQL at [\w.]+:9, database "\w+", user "perennial" cannot be reached \(.*ECONNREFUSED.*\): see that it runs/,
    );
  });

  it('says which database is missing and how to create it', async () => {
    const opening = open({}, (url) => {
      url.pathname = '/nowhere';
    });
    await expect(opening).rejects.toMatchObject({
      code: '3D000',
      message: expect.stringContaining('To fix it, create it: CREATE DATABASE "nowhere" OWNER "perennial".'),
    });
  });

  const [itOurs, why] = offer.ours ? [it, ''] : [it.skip, ' (skipped: the server is not ours to change)'];
  itOurs(`says whose password is wrong${why}`, async () => {
    await admin.exec(`CREATE ROLE locked LOGIN PASSWORD 'right'`);
    const [file] = await admin.query<{ file: string }>(`SELECT current_setting('hba_file') AS file`);
    await admin.exec(`
      CREATE TABLE hba (n serial, line text);
      INSERT INTO hba (line) VALUES ('host all locked all scram-sha-256');
      INSERT INTO hba (line) SELECT regexp_split_to_table(pg_read_file(current_setting('hba_file')), E'\\n');
      COPY (SELECT line FROM hba ORDER BY n) TO '${file?.file ?? ''}';
      SELECT pg_reload_conf(); DROP TABLE hba;`);
    const opening = open({}, (url) => {
      url.username = 'locked';
      url.password = 'wrong';
    });
    await expect(opening).rejects.toMatchObject({
      code: '28P01',
      message: expect.stringMatching(/password.*To fix it, correct the password of "locked" in POSTGRES_URL\.$/),
    });
    await expect(opening).rejects.not.toThrow(/wrong/);
  });

  it('says which right is missing when the schemas cannot be created', async () => {
    await admin.exec(`CREATE ROLE guest LOGIN PASSWORD 'g'`);
    const guest = await open({}, (url) => {
      url.username = 'guest';
      url.password = 'g';
    });
    await expect(migrate(guest)).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining(`GRANT CREATE ON DATABASE "${database}" TO "guest".`),
    });
    await guest.close();
    await admin.exec('DROP ROLE guest');
  });

  it('takes its limits from the address, where it says any', async () => {
    const limited = await open({ statementTimeoutMs: 1 }, (url) => {
      url.search = '?statement_timeout=12000&lock_timeout=3000&connections=2';
    });
    expect(
      await limited.query(`SELECT current_setting('statement_timeout') AS a, current_setting('lock_timeout') AS b`),
    ).toEqual([{ a: '12s', b: '3s' }]);
    await limited.close();
    await expect(open({}, (url) => (url.search = '?connections=many'))).rejects.toThrow(
      'POSTGRES_URL says connections=many: give a whole number there.',
    );
  });

  it('ends a statement that takes too long, and works on', () =>
    using({ statementTimeoutMs: 100 }, async (opened) => {
      await expect(opened.query('SELECT pg_sleep(30)')).rejects.toMatchObject({ code: '57014' });
      expect(await opened.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    }));

  it('lets work over whole tables take as long as it takes', () =>
    using({ statementTimeoutMs: 100 }, async (opened) => {
      const rows = await opened.transaction((tx) => tx.query(`SELECT pg_sleep(0.4)::text AS slept`), { long: true });
      expect(rows).toHaveLength(1);
    }));

  it('gives up waiting for a lock that another transaction holds', () =>
    using({ lockTimeoutMs: 100 }, async (opened) => {
      await admin.exec('CREATE TABLE kept (id int)');
      await admin.transaction(async (tx) => {
        await tx.exec('LOCK TABLE kept');
        await expect(opened.query('SELECT * FROM kept')).rejects.toMatchObject({ code: '55P03' });
      });
    }));

  it('is rid of a transaction in which nothing is asked any more, and so are those who wait for it', () =>
    using({ idleInTransactionTimeoutMs: 200, connections: 1 }, async (opened) => {
      await admin.exec('CREATE TABLE waited_for (id int)');
      let locked!: () => void;
      let letGo!: () => void;
      const isLocked = new Promise<void>((resolve) => (locked = resolve));
      const hasHung = new Promise<void>((resolve) => (letGo = resolve));
      const hung = opened.transaction(async (tx) => {
        await tx.exec('LOCK TABLE waited_for');
        locked();
        await hasHung;
        await tx.query('SELECT 1');
      });
      await isLocked;
      const failed = expect(hung).rejects.toThrow(/cannot be reached|transaction/);
      expect(await admin.query('SELECT * FROM waited_for')).toEqual([]);
      letGo();
      await failed;
      // The connection was the pool's only one, and it is replaced.
      expect(await opened.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    }));

  it('hangs up on a server from which no answer comes any more', async () => {
    const cut = await swallowing(server.url);
    const opened = await openDatabase({
      kind: 'postgres',
      url: cut.url,
      statementTimeoutMs: 100,
      connectTimeoutMs: 1_000,
    });
    cut.swallow();
    await expect(opened.query('SELECT 1')).rejects.toThrow(/cannot be reached/);
    cut.end();
    await opened.close();
  });

  it('replaces connections that the server ended', () =>
    using({ connections: 4, applicationName: 'to be ended' }, async (opened) => {
      const busy = () => Promise.all([1, 2, 3, 4].map(() => opened.query('SELECT pg_sleep(0.05)::text AS s')));
      await busy();
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be ended'`,
      );
      await untilWorks(busy);
    }));
});

/** Work may fail once for each connection that the server ended; then it works. */
async function untilWorks(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 4; attempt++) {
    try {
      await work();
      return;
    } catch {
      // The next attempt has new connections.
    }
  }
  await work();
}

/** A network between us and the server, which can swallow everything without a word. */
async function swallowing(address: string): Promise<{ url: string; swallow(): void; end(): void }> {
  const { hostname, port } = new URL(address);
  const sockets: Socket[] = [];
  let swallowed = false;
  const server: Server = createServer((near) => {
    const far = connect(Number(port), hostname);
    sockets.push(near, far);
    near.on('data', (chunk) => {
      if (!swallowed) far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (!swallowed) near.write(chunk);
    });
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(address);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    swallow: () => {
      swallowed = true;
    },
    end: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
