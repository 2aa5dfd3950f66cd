import { Command, Option } from 'commander';
import { RemoteEngine } from '../engine/remote-engine.js';
import type { Identity } from '../engine/engine.js';
import { usage } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';

interface UrlOptions {
  readonly url?: string;
}

const urlOption = (): Option =>
  new Option('--url <url>', 'address of the engine').env('PERENNIAL_URL').helpGroup('Engine:');

function urlOf({ url }: UrlOptions): string {
  if (url === undefined) throw usage('--url is missing: give the address of the engine, or set PERENNIAL_URL.');
  if (!URL.canParse(url)) throw usage(`--url must be an address (got ${url}): write http://127.0.0.1:3000.`);
  return url;
}

/** What only signing in and out needs. */
const signingIn = async () => ({
  ...(await import('../sign-in/issuer-client.js')),
  ...(await import('../sign-in/login-file.js')),
});

export function loginCommand(session: Session): Command {
  const command = new Command('login')
    .summary('sign in at a running engine as a person')
    .description(
      'Signs in at the identity provider of a running engine: the command shows an address and a code, which you confirm in any browser. Afterwards every ' +
        'command with this --url acts as you, until `perennial logout`. The login is kept in a file that only you may read; an API key (--key) goes before it.',
    )
    .addOption(urlOption())
    .action(async (options: UrlOptions) => {
      const url = urlOf(options);
      const { LoginFile, signInByDevice, signInPlace } = await signingIn();
      const place = await signInPlace(url);
      const login = await signInByDevice(
        place,
        (uri, code, expiresInS) =>
          void session.stderr.write(
            `Open this address in a browser, and confirm the code ${code}:\n  ${uri}\nWaiting for ${Math.ceil(expiresInS / 60)} minutes; Ctrl-C stops.\n`,
          ),
        session.signal,
      );
      // Kept only where the engine accepts it: it says what is missing.
      const self = await new RemoteEngine(url, { bearer: async () => login.accessToken }).whoAmI();
      new LoginFile().write(url, login);
      process.stdout.write(`Signed in at ${url} as ${self.name} (${rolesText(self)}).\n`);
    });
  return withExamples(
    command,
    'perennial login --url https://engine.shop.example',
    'perennial login --url http://127.0.0.1:3000',
  );
}

export function logoutCommand(session: Session): Command {
  const command = new Command('logout')
    .summary('end the login at a running engine')
    .description(
      'Forgets the login at an engine, and makes it invalid at the identity provider. A second time changes nothing.',
    )
    .addOption(urlOption())
    .action(async (options: UrlOptions) => {
      const url = urlOf(options);
      const { LoginFile, revoked } = await signingIn();
      const file = new LoginFile();
      const login = file.read(url);
      if (login === null) {
        process.stdout.write(`There is no login at ${url}.\n`);
        return;
      }
      const isRevoked = await revoked(login);
      file.write(url, null);
      process.stdout.write(`Signed out at ${url}.\n`);
      if (!isRevoked)
        session.stderr.write(
          `${login.issuer} did not take the login back: end the session there, if the file was read by others.\n`,
        );
    });
  return withExamples(command, 'perennial logout --url https://engine.shop.example');
}

export function whoamiCommand(session: Session): Command {
  const command = new Command('whoami')
    .summary('show who the engine takes you for, and what you may do')
    .description('Shows the principal of the key or login that commands use, its roles, permissions and scopes.')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (options: EngineOptions & { readonly format: 'text' | 'json' }) => {
      await useEngine(options, session, async (engine) => {
        const self = await engine.whoAmI();
        process.stdout.write(
          options.format === 'json' ? `${JSON.stringify(self, null, 2)}\n` : describe(self, engine.place),
        );
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial whoami',
    'perennial whoami --url https://engine.shop.example --format json',
  );
}

function describe(self: Identity, place: string): string {
  const rows: readonly (readonly [string, string])[] = [
    ['principal', self.principal],
    ['name', self.name],
    ['roles', rolesText(self)],
    ['permissions', self.permissions.join(', ') || 'none'],
    ...Object.entries(self.scopes).map(([name, values]) => [`only ${name}`, values.join(', ')] as const),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return `${place}\n${rows.map(([name, value]) => `  ${name.padEnd(width)}${value}\n`).join('')}`;
}

const rolesText = ({ roles }: Identity): string => roles.join(', ') || 'no role';
