import { isDue, renewed } from './issuer-client.js';
import type { LoginFile } from './login-file.js';

/** What is sent to an engine in the place of an API key: asked for each request, since it is renewed meanwhile. */
export interface BearerSource {
  bearer(): Promise<string>;
}

/** The login at an engine: its access token, which is renewed when it is about to expire. */
export class StoredLogin implements BearerSource {
  private constructor(
    private readonly file: LoginFile,
    private readonly url: string,
  ) {}

  /** Null where there is no login at this engine. */
  static find(file: LoginFile, url: string): StoredLogin | null {
    return file.read(url) === null ? null : new StoredLogin(file, url);
  }

  async bearer(): Promise<string> {
    const login = this.file.read(this.url);
    if (login !== null && !isDue(login)) return login.accessToken;
    return this.file.locked(async () => {
      // Another command may have renewed it in the meantime.
      const current = this.file.read(this.url) ?? login;
      if (current === null) throw new TypeError('The login is gone.');
      const fresh = await renewed(current, this.url);
      if (fresh !== current) this.file.write(this.url, fresh);
      return fresh.accessToken;
    });
  }
}
