/** Where the brokers are, and how they know us. */
export interface KafkaConnection {
  /** `host:port`, of some of them. */
  readonly brokers: readonly string[];
  /** Null for a connection in the clear; `ca` (PEM) where the brokers' certificate is not of a public authority. */
  readonly tls: { readonly ca: string | null } | null;
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
}
