import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { BG_NBD, PARETO_NBD, type Fit, type PurchaseHistories } from '#models';
import { seededRandom } from '#imports';

/**
 * The fits of BG/NBD and Pareto/NBD, beside the Python package `lifetimes` on the same table in the same run: seconds of processor time, the log-likelihood that each
 * reached, and the ratio. The peer needs a Python with lifetimes: PYTHON names it. It gets one row for each customer, and ten minutes for each model; one that has not ended is "not finished".
 *
 *     PYTHON=/path/to/venv/bin/python npm run bench -- models [--customers 23000,1000000]
 */
const { values } = parseArgs({ options: { customers: { type: 'string', default: '23000,1000000' } } });
const PEER_MS_MAX = 10 * 60_000;
const PYTHON = process.env['PYTHON'] ?? 'python3';
/** The parameters of the CDNOW sample, in days. */
const TRUTH = { r: 0.243, alpha: 4.414 * 7, a: 0.793, b: 2.426 };

/** Simulated histories, in whole days, of customers who came within a year and are observed for another. */
function simulated(customers: number, seed: number): PurchaseHistories {
  const random = seededRandom(seed).next;
  const [frequency, recency, age] = [0, 1, 2].map(() => new Float64Array(customers)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let at = 0; at < customers; at += 1) {
    const rate = gamma(TRUTH.r, random) / TRUTH.alpha;
    const [x, y] = [gamma(TRUTH.a, random), gamma(TRUTH.b, random)];
    const leaves = x / (x + y);
    const until = 365 + Math.floor(random() * 365);
    let [now, last, day, count] = [0, 0, 0, 0];
    for (;;) {
      now += -Math.log(1 - random()) / rate;
      if (!(now <= until)) break;
      // Several purchases of one day count as one.
      if (Math.floor(now) > day) {
        day = Math.floor(now);
        last = day;
        count += 1;
        if (random() < leaves) break;
      }
    }
    frequency[at] = count;
    recency[at] = last;
    age[at] = until;
  }
  return { frequency, recency, age };
}

/** A gamma variate of scale 1 (Marsaglia and Tsang 2000). */
function gamma(shape: number, random: () => number): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * z) ** 3;
    if (v > 0 && Math.log(1 - random()) < (z * z) / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** The customers as the peer reads them; returns how many distinct histories they have. */
function writeTable({ frequency, recency, age }: PurchaseHistories, path: string): number {
  const rows = Array.from(frequency, (x, at) => `${x},${recency[at]},${age[at]}`);
  writeFileSync(path, ['frequency,recency,T', ...rows].join('\n'));
  return new Set(rows).size;
}

interface PeerLine {
  readonly model: string;
  readonly logLikelihood?: number;
  readonly cpuSeconds?: number;
  readonly error?: string;
}

/** What the peer found of each model; nothing for what it did not end in time, and null where it is not installed. */
async function peer(path: string): Promise<ReadonlyMap<string, PeerLine> | null> {
  const found = new Map<string, PeerLine>();
  for (const model of ['bg-nbd', 'pareto-nbd']) {
    const child = spawn(PYTHON, [resolve('bench/peers/lifetimes_fit.py'), path, model], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PEER_MS_MAX,
    });
    const ended = new Promise<number | null>((done) => {
      child.on('error', () => done(127));
      child.on('close', done);
    });
    child.stderr.resume();
    for await (const line of createInterface({ input: child.stdout })) {
      const each = JSON.parse(line) as PeerLine;
      found.set(each.model, each);
    }
    const code = await ended;
    if (code !== 0 && code !== null) return null;
  }
  return found;
}

function timed(fit: () => Fit): { readonly fit: Fit; readonly seconds: number } {
  const start = process.cpuUsage();
  const result = fit();
  const { user, system } = process.cpuUsage(start);
  return { fit: result, seconds: (user + system) / 1e6 };
}

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
try {
  console.log(
    `${'model'.padEnd(12)}${'customers'.padStart(11)}${'distinct'.padStart(10)}${'ours, s'.padStart(10)}${'peer, s'.padStart(14)}${'ratio'.padStart(9)}   log-likelihood, ours and the peer’s`,
  );
  for (const customers of values.customers.split(',').map(Number)) {
    const histories = simulated(customers, 1);
    const path = join(folder, `${customers}.csv`);
    const distinct = writeTable(histories, path);
    const theirs = await peer(path);
    for (const model of [BG_NBD, PARETO_NBD]) {
      const { fit, seconds } = timed(() => (model as typeof BG_NBD).fit(histories));
      const other = theirs?.get(model.name);
      const peerText =
        theirs === null ? 'not installed' : (other?.error ?? other?.cpuSeconds?.toFixed(2) ?? 'not finished');
      const ratio =
        other?.cpuSeconds === undefined || other.error !== undefined ? '' : (other.cpuSeconds / seconds).toFixed(1);
      const likelihoods = [fit.logLikelihood, other?.logLikelihood].map((each) => each?.toFixed(2) ?? '–').join('  ');
      console.log(
        `${model.name.padEnd(12)}${String(customers).padStart(11)}${String(distinct).padStart(10)}${seconds.toFixed(2).padStart(10)}${peerText.slice(0, 60).padStart(14)}${ratio.padStart(9)}   ${likelihoods}`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
