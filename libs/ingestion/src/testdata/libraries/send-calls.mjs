/**
 * Sends calls with a real analytics library, as its users do: `send-calls.mjs LIBRARY URL WRITE_KEY COUNT`. Prints the ids of the calls that it made, as
 * far as its caller may give them, and ends when the library has nothing left to send. Of each hundred calls one is an order without an id, which the
 * engine quarantines.
 */
const [library, url, writeKey, text] = process.argv.slice(2);
const count = Number(text);

const propertiesOf = (n) => (n % 100 === 99 ? { revenue: 1 } : { order_id: `o-${n}`, revenue: 12.5, currency: 'EUR' });

const senders = {
  async segment() {
    const { Analytics } = await import('@segment/analytics-node');
    const analytics = new Analytics({
      ...{ writeKey, host: url, flushAt: 50, flushInterval: 200, httpRequestTimeout: 1_500, maxRetries: 10 },
    });
    analytics.on('error', (error) => console.error('segment', error));
    for (let n = 0; n < count; n += 1) {
      const messageId = `segment-${n}`;
      analytics.track({ userId: `u${n % 97}`, event: 'Order Completed', properties: propertiesOf(n), messageId });
      if (n % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await analytics.closeAndFlush({ timeout: 120_000 });
  },
  async rudder() {
    const { default: imported } = await import('@rudderstack/rudder-sdk-node');
    const Analytics = imported.default ?? imported;
    const analytics = new Analytics(writeKey, {
      ...{ dataPlaneUrl: url, flushAt: 50, flushInterval: 200, gzip: true },
      maxInternalQueueSize: count + 1,
    });
    for (let n = 0; n < count; n += 1) {
      const messageId = `rudder-${n}`;
      analytics.track({ userId: `u${n % 97}`, event: 'Order Completed', properties: propertiesOf(n), messageId });
      if (n % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await analytics.flush();
  },
  async posthog() {
    const { PostHog } = await import('posthog-node');
    const client = new PostHog(writeKey, {
      ...{
        host: url,
        flushAt: 50,
        flushInterval: 200,
        requestTimeout: 1_500,
        fetchRetryCount: 10,
        fetchRetryDelay: 100,
      },
      ...{ maxQueueSize: count + 1, disableGeoip: true },
    });
    for (let n = 0; n < count; n += 1) {
      client.capture({
        distinctId: `u${n % 97}`,
        event: 'Order Completed',
        properties: propertiesOf(n),
        uuid: uuidOf(n),
      });
      if (n % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await client.shutdown(120_000);
  },
};

const uuidOf = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

await senders[library]();
