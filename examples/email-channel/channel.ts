import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type EachBatchPayload } from 'kafkajs';
import { toBeDone, type Action } from './action.js';
import { recipientOf, type EngineAccess, type Recipient } from './engine.js';

const ACTIONS = 'perennial.actions';
const TOUCHPOINTS = 'touchpoints.email';
/** Who we are to the engine. */
const SOURCE = 'email-channel';
/** How long people take to answer. In truth it is longer. */
const ANSWER_MS = 100;

export interface ChannelOptions {
  readonly brokers: readonly string[];
  readonly engine: EngineAccess;
  /** What people answer; null: what they like. */
  readonly answer: 'accepted' | 'declined' | 'ignored' | null;
  readonly say: (line: string) => void;
}

/** Starts the channel; resolves once it takes part, with how it is stopped. */
export async function startEmailChannel({
  brokers,
  engine,
  answer,
  say,
}: ChannelOptions): Promise<() => Promise<void>> {
  const kafka = new Kafka({ clientId: SOURCE, brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOUCHPOINTS, numPartitions: 6 }] });
  await admin.disconnect();

  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  const publish = async (type: string, { actionId, customerId }: Action, { email }: Recipient, data: object) => {
    await producer.send({
      topic: TOUCHPOINTS,
      messages: [
        {
          key: customerId,
          value: JSON.stringify(data),
          headers: {
            ce_specversion: '1.0',
            // Said again after a crash, it is a duplicate. It happened when the engine receives it: so no time is given, and none can differ.
            ce_id: `${type}-${actionId}`,
            ce_source: SOURCE,
            ce_type: type,
            ce_channel: 'email',
            ce_subject: `email:${email}`,
            'content-type': 'application/json',
          },
        },
      ],
    });
  };

  const send = async (action: Action): Promise<void> => {
    const recipient = await recipientOf(engine, action.customerId);
    if (recipient === null) return say(`${action.customerId}: has no address`);
    // The withdrawal may be on its way: who has moved on is not written to.
    if (recipient.stage !== action.stage || recipient.phase !== action.phase)
      return say(`${recipient.email}: has moved on`);
    // Here a mail would be sent, with the actionId as the key by which the provider knows it again.
    say(`${recipient.email}: ${action.action} (${action.stage}, ${action.phase})`);
    const { actionId, medium, purpose } = action;
    await publish('contact-made', action, recipient, { actionId, medium, purpose, topic: action.action });
    await sleep(ANSWER_MS);
    const given = answer ?? ANSWERS[parseInt(action.actionId.slice(-2), 16) % ANSWERS.length] ?? 'ignored';
    await publish('response-given', action, recipient, { actionId, answer: given });
    // Who accepts has followed the link: that is what moves them on.
    if (given === 'accepted') await publish('message-clicked', action, recipient, { messageId: actionId, medium });
  };

  const done = new Map<string, number>();
  const consumer = kafka.consumer({ groupId: SOURCE });
  await consumer.connect();
  await consumer.subscribe({ topics: [ACTIONS], fromBeginning: true });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({
    // A batch at a time: what is withdrawn further on in it is never sent.
    eachBatch: async ({ batch, heartbeat, resolveOffset, isRunning }: EachBatchPayload) => {
      const messages = batch.messages.map(({ value }) => JSON.parse(String(value)) as Action);
      for (const action of toBeDone(messages, done, Date.now())) {
        if (!isRunning()) return;
        await send(action);
        await heartbeat();
      }
      for (const { customerId, number } of messages) done.set(customerId, Math.max(number, done.get(customerId) ?? 0));
      resolveOffset(batch.lastOffset());
    },
  });
  await joined;
  return async () => {
    await consumer.disconnect();
    await producer.disconnect();
  };
}

const ANSWERS = ['accepted', 'accepted', 'ignored', 'declined'] as const;
