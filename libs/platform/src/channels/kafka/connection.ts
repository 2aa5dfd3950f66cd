/** The brokers, and how to authenticate at them. */
export interface KafkaConnection {
  /** `host:port` of one or more of them. */
  readonly brokers: readonly string[];
  /** Null for connections in the clear; `ca` (PEM) where no public authority issued the brokers' certificates. */
  readonly tls: { readonly ca: string | null } | null;
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
}
