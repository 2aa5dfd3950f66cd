import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startEngine, type Engine } from '../engine.js';
import { createExampleTopics } from '../services/example-topics.js';
import { KAFKA_OFFER, type TestKafka } from '../services/kafka.js';
import { freePort } from '../services/port.js';
import { KAFKA_PYTHON, KCAT, PYTHON, type Tool } from '../services/tools.js';
import { until } from './processes.js';

jest.setTimeout(300_000);

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/channels.md'), 'utf8');
/** The examples of the page by their names. */
const examples = new Map(
  [...page.matchAll(/^```\w+ (\S+\.\w+)\n([^]*?)\n```$/gm)].map(([, name, text]) => [name, text]),
);
const NODE: Tool = { program: process.execPath, missing: null };
const SHELL: Tool = { program: 'sh', missing: null };

/** An example that runs, and what it has printed. */
interface Running {
  readonly printed: () => string;
  readonly ended: Promise<number | null>;
  stop(): Promise<void>;
}

const titled = (title: string, missing: string | null): string =>
  missing === null ? title : `${title} (skipped: ${missing})`;
const suite = (missing: string | null) => (missing === null ? describe : describe.skip);
const story = (missing: string | null) => (missing === null ? it : it.skip);

describe('the page for channels', () => {
  let folder: string;
  const running: Running[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-page-'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(async () => {
    for (const one of running) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs an example exactly as the page shows it. */
  const run = (name: string, { program }: Tool, env: Record<string, string>): Running => {
    const file = join(folder, name);
    writeFileSync(file, `${examples.get(name) ?? ''}\n`);
    const loader = name.endsWith('.mts') ? ['--import', join(root, 'scripts/from-source/register.mjs')] : [];
    const child = spawn(program, [...loader, file], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '', KAFKAJS_NO_PARTITIONER_WARNING: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    const one = {
      printed: () => output,
      ended,
      stop: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
    running.push(one);
    return one;
  };

  it('has the examples that are run here, and no others', () => {
    const kinds = ['publish.mts', 'publish.py', 'publish.sh', 'consume.mts', 'consume.py', 'consume.sh'];
    expect([...examples.keys()].sort()).toEqual([...kinds, 'receiver.mts', 'receiver.py'].sort());
  });

  suite(KAFKA_OFFER.missing)(titled('on Kafka', KAFKA_OFFER.missing), () => {
    let data: string;
    let kafka: TestKafka;
    let engine: Engine;
    let env: Record<string, string>;

    beforeAll(async () => {
      data = mkdtempSync(join(tmpdir(), 'perennial-page-data-'));
      kafka = await KAFKA_OFFER.start();
      env = { KAFKA_BROKERS: kafka.brokers.join(',') };
      // As `npm run kafka` does.
      await createExampleTopics(kafka.brokers);
      engine = await startEngine(data, env);
    });
    afterAll(async () => {
      await engine?.kill();
      await kafka?.stop();
      rmSync(data, { recursive: true, force: true });
    });

    const languages = [
      { language: 'TypeScript', ending: 'mts', user: 'u1', tool: NODE, missing: null },
      { language: 'Python', ending: 'py', user: 'u2', tool: KAFKA_PYTHON, missing: KAFKA_PYTHON.missing },
      { language: 'kcat', ending: 'sh', user: 'u3', tool: SHELL, missing: KCAT.missing },
    ];
    for (const { language, ending, user, tool, missing } of languages) {
      story(missing)(titled(`publishes in ${language}, and reads what follows`, missing), async () => {
        const publishing = run(`publish.${ending}`, tool, env);
        expect([await publishing.ended, publishing.printed()]).toEqual([0, publishing.printed()]);
        const { body } = await until(
          () => engine.request('GET', `/v1/query/customer?identifier=userId:${user}`),
          (answer) => answer.body.rows?.[0]?.phase === 'onboarding',
        );
        const { customerId } = body.rows[0] as { customerId: string };
        // kcat exits at the end of the topic: it is run again until the message is there.
        await until(
          async () => {
            const reading =
              running.find((one) => one === consuming) ?? (consuming = run(`consume.${ending}`, tool, env));
            if (ending === 'sh') {
              await reading.ended;
              consuming = null;
            }
            return reading.printed();
          },
          (printed) => printed.includes(customerId) && /entered.+onboarding/.test(printed),
        );
      });
      let consuming: Running | null = null;
    }
  });

  describe('by webhook', () => {
    let data: string;
    let engine: Engine;
    let orders = 0;

    beforeAll(async () => {
      data = mkdtempSync(join(tmpdir(), 'perennial-page-data-'));
      engine = await startEngine(data);
    });
    afterAll(async () => {
      await engine?.kill();
      rmSync(data, { recursive: true, force: true });
    });

    const receivers = [
      { language: 'TypeScript', name: 'receiver.mts', tool: NODE },
      { language: 'Python', name: 'receiver.py', tool: PYTHON },
    ];
    for (const { language, name, tool } of receivers)
      story(tool.missing)(titled(`accepts messages of the engine only, in ${language}`, tool.missing), async () => {
        const port = String(await freePort());
        const url = `http://127.0.0.1:${port}/`;
        const { body: webhook } = await engine.request('POST', '/v1/webhooks', {
          url,
          feeds: ['perennial.stage-changes'],
        });
        const receiver = run(name, tool, { PORT: port, WEBHOOK_SECRET: webhook.secret });
        const forged = () =>
          fetch(url, {
            method: 'POST',
            headers: {
              'webhook-id': 'x',
              'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
              'webhook-signature': 'v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
            },
            body: '{}',
          });
        const rejected = await until(forged, ({ status }) => status > 0);
        expect(rejected.status).toBe(401);
        const orderId = `order-${(orders += 1)}`;
        const identifiers = [{ namespace: 'userId', value: name }];
        const order = { id: orderId, source: 'shop', type: 'order-placed', channel: 'web', identifiers };
        await engine.request('POST', '/v1/touchpoints', [
          { ...order, data: { orderId, currency: 'EUR', totalMinor: 5 } },
        ]);
        await until(
          () => Promise.resolve(receiver.printed()),
          (printed) => /^perennial\.stage-changed [0-9a-f]{32} \{.*"phase":"onboarding"/m.test(printed),
        );
        const rotated = await engine.request('POST', `/v1/webhooks/${webhook.id}/secrets`);
        expect(rotated.status).toBe(201);
        // The receiver still has only the former secret, and still accepts the messages.
        const returned = { ...order, id: `${orderId}-back`, type: 'order-cancelled', data: { orderId } };
        await engine.request('POST', '/v1/touchpoints', [returned]);
        await until(
          () => Promise.resolve(receiver.printed()),
          (printed) => printed.trim().split('\n').length > 1,
        );
        const webhookStatus = await until(
          () => engine.request('GET', `/v1/webhooks/${webhook.id}`),
          ({ body }) => body.pending === 0,
        );
        expect(webhookStatus.body).toMatchObject({ failures: 0, deadLetters: 0 });
        await engine.request('DELETE', `/v1/webhooks/${webhook.id}`);
      });
  });
});
