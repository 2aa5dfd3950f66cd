import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { documentReader, MapOf, OrNull, Part, Text, Whole } from '#contracts';
import { rejected } from '../exit-codes.js';

/** What `perennial login` keeps of a person at one engine. */
export class Login {
  @Text(2_000)
  readonly issuer!: string;

  @Text(500)
  readonly clientId!: string;

  @Text(100_000)
  readonly accessToken!: string;

  @Whole(0, 9_000_000_000_000_000)
  /** UTC milliseconds. */
  readonly expiresAt!: number;

  @OrNull(Text(100_000))
  readonly refreshToken!: string | null;
}

class Logins {
  /** By the address of the engine. */
  @MapOf(Part(() => Login))
  readonly logins!: Readonly<Record<string, Login>>;
}

const LOGINS = documentReader(Logins, { unknownFields: 'keep' });
const LOCK_STALE_MS = 30_000;
const LOCK_POLL_MS = 100;

/** The file of logins, which only its owner may read: `logins.json` in the folder for settings of this user. */
export class LoginFile {
  constructor(readonly path: string = join(settingsFolder(), 'perennial', 'logins.json')) {}

  /** The login at an engine; null where there is none. @throws CliError where the file cannot be used */
  read(url: string): Login | null {
    return this.all()[originOf(url)] ?? null;
  }

  /** Keeps a login, or with null forgets it. */
  write(url: string, login: Login | null): void {
    const { [originOf(url)]: _, ...others } = this.all();
    const logins = login === null ? others : { ...others, [originOf(url)]: login };
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const unfinished = `${this.path}.${randomBytes(4).toString('hex')}`;
    writeFileSync(unfinished, `${JSON.stringify({ logins }, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, this.path);
  }

  /** Runs the work while no other command does: a refresh token is good once, and two commands would use the same. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = `${this.path}.lock`;
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    for (;;) {
      try {
        closeSync(openSync(lock, 'wx', 0o600));
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        if (isStale(lock)) rmSync(lock, { force: true });
        else await sleep(LOCK_POLL_MS);
      }
    }
    try {
      return await work();
    } finally {
      rmSync(lock, { force: true });
    }
  }

  private all(): Readonly<Record<string, Login>> {
    let text: string;
    try {
      if (process.platform !== 'win32' && (statSync(this.path).mode & 0o077) !== 0)
        throw rejected(`${this.path} holds logins, and other users may read it: run chmod 600 ${this.path}.`);
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
    const reading = LOGINS.read(parsed(text));
    if (!reading.ok) throw rejected(`${this.path} is not a file of logins: delete it, and run perennial login again.`);
    return reading.value.logins;
  }
}

const originOf = (url: string): string => new URL(url).origin;

const settingsFolder = (): string => process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isStale(lock: string): boolean {
  try {
    return Date.now() - statSync(lock).mtimeMs > LOCK_STALE_MS;
  } catch {
    return false;
  }
}
