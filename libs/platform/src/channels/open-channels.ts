import type { Config } from '../config/config.js';
import type { Channels } from './channel.js';
import { KafkaChannels, type ChannelLogger } from './kafka/kafka-channels.js';

/** The channels' broker that the config names; null where there is none. Nothing is connected before it is needed. */
export function openChannels(config: Config, log: ChannelLogger): Channels | null {
  const { kafkaBrokers: brokers, kafkaTls: tls, kafkaSasl: sasl } = config;
  return brokers === null ? null : new KafkaChannels({ brokers, tls, sasl }, log);
}
