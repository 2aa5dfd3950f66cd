import { readFileSync } from 'node:fs';

/** The address of the engine, and an API key with the permissions `read` and `open`, which may open for the purpose `marketing-selection`. */
export interface EngineAccess {
  readonly url: string;
  readonly key: string;
}

/** From PERENNIAL_URL and PERENNIAL_KEY, or from the file that an engine on this machine writes into its data folder. */
export function engineAccess(environment: NodeJS.ProcessEnv): EngineAccess {
  const { PERENNIAL_URL: url, PERENNIAL_KEY: key, DATA_DIR = './data' } = environment;
  if (url !== undefined && key !== undefined) return { url, key };
  const engine = JSON.parse(readFileSync(`${DATA_DIR}/engine.json`, 'utf8')) as { url: string; token: string };
  return { url: engine.url, key: engine.token };
}

/** The address of a customer, and their current phase. */
export interface Recipient {
  readonly email: string;
  readonly stage: string;
  readonly phase: string;
}

/** A purpose of the policy: personal data are opened for one only, and each opening is recorded. */
const PURPOSE = 'marketing-selection';

/** Feeds hold no personal data: the channel queries the address when it needs it. Null where there is none, or the customer was erased. */
export async function recipientOf({ url, key }: EngineAccess, customerId: string): Promise<Recipient | null> {
  const response = await fetch(`${url}/v1/query/customer?customer=${customerId}`, {
    headers: { authorization: `Bearer ${key}`, 'perennial-purpose': PURPOSE },
  });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`The engine answered ${response.status}.`);
  const { rows } = (await response.json()) as { rows: Row[] };
  const [row] = rows;
  const email = row?.identifiers.find(({ namespace }) => namespace === 'email')?.value ?? null;
  return row === undefined || email === null ? null : { email, stage: row.stage, phase: row.phase };
}

interface Row {
  readonly stage: string;
  readonly phase: string;
  readonly identifiers: readonly { readonly namespace: string; readonly value: string | null }[];
}
