import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { startEngine, type Engine } from '../engine.js';
import { KAFKA_OFFER, type TestKafka } from '../services/kafka.js';
import { until } from './processes.js';

jest.setTimeout(300_000);

const root = resolve(import.meta.dirname, '../..');
const { missing } = KAFKA_OFFER;
const title = `the loop that a channel closes${missing === null ? '' : ` (skipped: ${missing})`}`;

/** The sample channel in a process of its own, by the command of package.json. */
async function startChannel(env: Record<string, string>): Promise<{ said: () => string[]; stop(): Promise<void> }> {
  const child: ChildProcess = spawn('npm', ['run', '--silent', 'email-channel'], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const gone = once(child, 'exit');
  const said = () => output.trim().split('\n');
  await until(
    () => Promise.resolve(said()),
    (lines) => lines.includes('The e-mail channel listens.'),
  );
  return {
    said,
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

(missing === null ? describe : describe.skip)(title, () => {
  let folder: string;
  let kafka: TestKafka;
  let engine: Engine;
  let env: Record<string, string>;
  let channel: Awaited<ReturnType<typeof startChannel>>;
  let count = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-loop-'));
    kafka = await KAFKA_OFFER.start();
    env = { KAFKA_BROKERS: kafka.brokers.join(',') };
    engine = await startEngine(folder, env);
  });
  afterAll(async () => {
    await channel?.stop();
    await engine?.kill();
    await kafka?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const happens = async (email: string, type: string, data: object = {}): Promise<void> => {
    const { body } = await engine.runQuery('POST', '/v1/touchpoints', [
      {
        ...{ id: `e-${(count += 1)}`, source: 'shop', type, channel: 'web', data },
        identifiers: [{ namespace: 'email', value: email }],
      },
    ]);
    expect(body).toMatchObject({ accepted: 1 });
  };
  const byMail = { purpose: 'marketing', medium: 'email' };
  const query = async (name: string, params: Record<string, string>) => {
    const { body } = await engine.runQuery('GET', `/v1/query/${name}?${new URLSearchParams(params).toString()}`);
    return body.rows ?? [];
  };
  const standing = (email: string) => query('customer', { identifier: `email:${email}` });
  /** Messages of the topic of actions. */
  const told = async (): Promise<number> => {
    const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const partitions = await admin.fetchTopicOffsets('perennial.actions').finally(() => admin.disconnect());
    return partitions.reduce((sum, { offset }) => sum + Number(offset), 0);
  };
  const reaches = (email: string, phase: string) =>
    until(
      () => standing(email),
      ([row]) => row?.phase === phase,
    );

  it('begins with actions for those who consented, some of whom take it back before the channel hears of it', async () => {
    for (const email of ['ann@example.com', 'ben@example.com', 'cleo@example.com'])
      await happens(email, 'site-visited');
    await happens('ann@example.com', 'consent-given', byMail);
    await happens('ben@example.com', 'consent-given', byMail);
    await reaches('ben@example.com', 'awareness');
    // The action stands before it is taken back.
    await until(
      () => standing('ben@example.com'),
      ([row]) => row?.touchpoints === 2,
    );
    await happens('ben@example.com', 'consent-withdrawn', byMail);
    await until(
      () => standing('ben@example.com'),
      ([row]) => row?.touchpoints === 3,
    );
    // Both proposals and what was withdrawn have been told before the channel comes.
    await until(told, (messages) => messages >= 3);
  });

  it('goes on with what the channel does, hears and tells, and the next stage shows it', async () => {
    channel = await startChannel({ ...env, DATA_DIR: folder, EMAIL_ANSWERS: 'accepted' });
    const [ann] = await reaches('ann@example.com', 'knowledge');
    expect(ann).toMatchObject({ stage: 'acquisition', phase: 'knowledge' });
    expect(channel.said()).toContain('ann@example.com: introduce (acquisition, awareness)');
    // What is called for in the phase that the customer reached follows by itself.
    await until(
      () => Promise.resolve(channel.said()),
      (lines) => lines.includes('ann@example.com: inform (acquisition, knowledge)'),
    );
    const lived = await until(
      () => query('timeline', { identifier: 'email:ann@example.com', limit: '100' }),
      (rows) => rows.filter(({ type }: { type: string }) => type === 'message-clicked').length === 2,
    );
    const types = lived.map(({ type }: { type: string }) => type).sort();
    expect(types).toEqual([
      ...['consent-given', 'contact-made', 'contact-made', 'message-clicked', 'message-clicked'],
      ...['response-given', 'response-given', 'site-visited'],
    ]);
  });

  it('reaches nobody who withdrew or never consented', async () => {
    // Whoever comes after them is written to: so they were passed over, and do not wait.
    await happens('dora@example.com', 'consent-given', byMail);
    await happens('dora@example.com', 'site-visited');
    await reaches('dora@example.com', 'knowledge');
    const written = channel.said().join('\n');
    expect(written).toContain('dora@example.com');
    expect(written).not.toContain('ben@example.com');
    expect(written).not.toContain('cleo@example.com');
    expect((await standing('ben@example.com'))[0]).toMatchObject({ phase: 'awareness' });
  });

  it('is counted, and tells nothing twice when the channel comes again', async () => {
    const outcomes = await until(
      () => query('outcomes', { source: 'email-channel' }),
      ([row]) => row?.accepted === 12,
    );
    expect(outcomes[0]).toMatchObject({ received: 12, quarantined: 0 });
    await channel.stop();
    channel = await startChannel({ ...env, DATA_DIR: folder, EMAIL_ANSWERS: 'accepted' });
    await happens('ann@example.com', 'consent-withdrawn', byMail);
    await happens('erin@example.com', 'consent-given', byMail);
    await happens('erin@example.com', 'site-visited');
    await reaches('erin@example.com', 'knowledge');
    expect(channel.said().join('\n')).not.toContain('ann@example.com');
  });
});
