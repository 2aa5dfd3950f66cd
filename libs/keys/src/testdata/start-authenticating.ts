import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Starts a second process on the keys of a database. */
export function startAuthenticating(url: string): {
  /** Asks until the process answers so: its polls are a second apart. */
  until(key: string, verdict: 'in' | 'out'): Promise<void>;
  stop(): void;
} {
  const file = new URL('authenticating-process.ts', import.meta.url).pathname;
  const loader = ['--conditions=source', '--import', './scripts/from-source/register.mjs'];
  const child = spawn(process.execPath, [...loader, file, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  return {
    async until(key, verdict) {
      for (;;) {
        child.stdin.write(`${key}\n`);
        const [answer] = (await once(lines, 'line')) as [string];
        if (answer === verdict) return;
        await sleep(50);
      }
    },
    stop: () => void child.kill(),
  };
}
