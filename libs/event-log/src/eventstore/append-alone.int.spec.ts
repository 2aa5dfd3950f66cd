import { describe, expect, it } from '@jest/globals';
import { Samples } from '../../conformance/fixture.js';
import { appendAlone } from './append-alone.js';
import { clientFor } from './connection-string.js';
import { Interrupted } from './failures.js';
import { sendable } from './stored-event.js';
import { onFakeServer } from './testdata/on-fake-server.js';

const on = onFakeServer();
const samples = new Samples();

describe('an append that is a call of its own', () => {
  it('stays whole when it is given up while it is being sent: the server gets all of its events or none', async () => {
    const server = await on.server({ batchAppend: false });
    const client = clientFor(server.connectionString);
    const seen: number[] = [];
    server.faults.append = ({ ids }) => {
      seen.push(ids.length);
      return null;
    };
    const events = Array.from({ length: 200 }, () => sendable(samples.event({ data: `"${'x'.repeat(4_000)}"` })));
    const request = { stream: 'whole', expected: 'any', events } as const;
    await appendAlone(client, request, new AbortController().signal);
    for (let afterMs = 0; afterMs < 40; afterMs += 1) {
      const gone = new AbortController();
      setTimeout(() => gone.abort(), afterMs / 2);
      await appendAlone(client, request, gone.signal).catch((error: unknown) =>
        expect(error).toBeInstanceOf(Interrupted),
      );
    }
    // One more behind them: what is on its way has arrived.
    await appendAlone(client, request, new AbortController().signal);
    expect(seen.length).toBeGreaterThan(2);
    expect(new Set(seen)).toEqual(new Set([200]));
  });
});
