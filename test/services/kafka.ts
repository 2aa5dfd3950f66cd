import { findBroker, untilReady } from './kafka-server.js';
import { KAFKA_VERSION, type SecuredAddress } from './kafka-program.js';
import { noteServer } from './ledger.js';
import type { Outage } from './postgres.js';

/** An Apache Kafka for a suite. Topics are the suite's own to make, with names of their own. */
export interface TestKafka {
  /** `host:port`, one or several. */
  readonly brokers: readonly string[];
  /** The same broker by TLS and with a login; null where it offers none that is known here. */
  readonly secured: SecuredAddress | null;
  /** Takes the broker away and brings it back, on the same address; null where it is not ours to stop. */
  readonly outage: Outage | null;
  stop(): Promise<void>;
}

export interface KafkaOffer {
  /** Why it cannot be had here; null when it can. For titles: `(skipped: …)`. */
  readonly missing: string | null;
  start(): Promise<TestKafka>;
}

/** Found once, when a suite that needs a broker is loaded: so that suites that cannot run are skipped and counted as such. */
export const KAFKA_OFFER: KafkaOffer = await offered();

async function offered(): Promise<KafkaOffer> {
  const found = await findBroker();
  if (typeof found === 'string') {
    console.warn(`SKIPPED ${found}.`);
    return { missing: found, start: () => Promise.reject(new Error(found)) };
  }
  const start = async (): Promise<TestKafka> => {
    const broker = await found.start();
    const version = found.origin === 'program' ? KAFKA_VERSION : 'as found';
    noteServer({ service: 'Kafka', origin: found.origin, version, what: found.what });
    const { halt, start: again } = broker;
    const restart = () => (again?.() ?? Promise.resolve()).then(() => untilReady(broker));
    return {
      brokers: broker.brokers,
      secured: broker.secured ?? null,
      outage: halt === undefined || again === undefined ? null : { halt, restart },
      stop: () => broker.remove(),
    };
  };
  return { missing: null, start };
}
