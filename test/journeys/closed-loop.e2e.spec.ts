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
const title = `a channel that consumes actions and publishes touchpoints${missing === null ? '' : ` (skipped: ${missing})`}`;

/** The sample channel in a process of its own, by the command of package.json. */
async function startChannel(env: Record<string, string>): Promise<{ printed: () => string[]; stop(): Promise<void> }> {
  const child: ChildProcess = spawn('npm', ['run', '--silent', 'email-channel'], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const gone = once(child, 'exit');
  const printed = () => output.trim().split('\n');
  await until(
    () => Promise.resolve(printed()),
    (lines) => lines.includes('The e-mail channel is running.'),
  );
  return {
    printed,
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

  const publish = async (email: string, type: string, data: object = {}): Promise<void> => {
    const { body } = await engine.request('POST', '/v1/touchpoints', [
      {
        ...{ id: `e-${(count += 1)}`, source: 'shop', type, channel: 'web', data },
        identifiers: [{ namespace: 'email', value: email }],
      },
    ]);
    expect(body).toMatchObject({ accepted: 1 });
  };
  const byMail = { purpose: 'marketing', medium: 'email' };
  const query = async (name: string, params: Record<string, string>) => {
    const { body } = await engine.request('GET', `/v1/query/${name}?${new URLSearchParams(params).toString()}`);
    return body.rows ?? [];
  };
  const customerOf = (email: string) => query('customer', { identifier: `email:${email}` });
  /** The number of messages in the topic of actions. */
  const countActions = async (): Promise<number> => {
    const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const partitions = await admin.fetchTopicOffsets('perennial.actions').finally(() => admin.disconnect());
    return partitions.reduce((sum, { offset }) => sum + Number(offset), 0);
  };
  const untilPhase = (email: string, phase: string) =>
    until(
      () => customerOf(email),
      ([row]) => row?.phase === phase,
    );

  it('begins with actions for customers who consented; one of them withdraws the consent before the channel starts', async () => {
    for (const email of ['ann@example.com', 'ben@example.com', 'cleo@example.com'])
      await publish(email, 'site-visited');
    await publish('ann@example.com', 'consent-given', byMail);
    await publish('ben@example.com', 'consent-given', byMail);
    await untilPhase('ben@example.com', 'awareness');
    // The action is proposed before the consent is withdrawn.
    await until(
      () => customerOf('ben@example.com'),
      ([row]) => row?.touchpoints === 2,
    );
    await publish('ben@example.com', 'consent-withdrawn', byMail);
    await until(
      () => customerOf('ben@example.com'),
      ([row]) => row?.touchpoints === 3,
    );
    // Both proposals and the withdrawal are published before the channel starts.
    await until(countActions, (messages) => messages >= 3);
  });

  it('continues with what the channel does and publishes, and the customer reaches the next phase', async () => {
    channel = await startChannel({ ...env, DATA_DIR: folder, EMAIL_ANSWERS: 'accepted' });
    const [ann] = await untilPhase('ann@example.com', 'knowledge');
    expect(ann).toMatchObject({ stage: 'acquisition', phase: 'knowledge' });
    expect(channel.printed()).toContain('ann@example.com: introduce (acquisition, awareness)');
    // The action of the phase that the customer reached is proposed by itself.
    await until(
      () => Promise.resolve(channel.printed()),
      (lines) => lines.includes('ann@example.com: inform (acquisition, knowledge)'),
    );
    const timeline = await until(
      () => query('timeline', { identifier: 'email:ann@example.com', limit: '100' }),
      (rows) => rows.filter(({ type }: { type: string }) => type === 'message-clicked').length === 2,
    );
    const types = timeline.map(({ type }: { type: string }) => type).sort();
    expect(types).toEqual([
      ...['consent-given', 'contact-made', 'contact-made', 'message-clicked', 'message-clicked'],
      ...['response-given', 'response-given', 'site-visited'],
    ]);
  });

  it('contacts no customer who withdrew their consent or never gave it', async () => {
    // A customer who comes later is contacted: so the others were skipped, and are not pending.
    await publish('dora@example.com', 'consent-given', byMail);
    await publish('dora@example.com', 'site-visited');
    await untilPhase('dora@example.com', 'knowledge');
    const written = channel.printed().join('\n');
    expect(written).toContain('dora@example.com');
    expect(written).not.toContain('ben@example.com');
    expect(written).not.toContain('cleo@example.com');
    expect((await customerOf('ben@example.com'))[0]).toMatchObject({ phase: 'awareness' });
  });

  it('is counted, and a restarted channel contacts no customer twice', async () => {
    const outcomes = await until(
      () => query('outcomes', { source: 'email-channel' }),
      ([row]) => row?.accepted === 12,
    );
    expect(outcomes[0]).toMatchObject({ received: 12, quarantined: 0 });
    await channel.stop();
    channel = await startChannel({ ...env, DATA_DIR: folder, EMAIL_ANSWERS: 'accepted' });
    await publish('ann@example.com', 'consent-withdrawn', byMail);
    await publish('erin@example.com', 'consent-given', byMail);
    await publish('erin@example.com', 'site-visited');
    await untilPhase('erin@example.com', 'knowledge');
    expect(channel.printed().join('\n')).not.toContain('ann@example.com');
  });
});
