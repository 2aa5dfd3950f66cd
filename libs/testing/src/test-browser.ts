/** A page that a browser has come to, after every redirection. */
export interface BrowserPage {
  readonly url: string;
  readonly status: number;
  readonly html: string;
  /** The cookies that the last answer set, as their headers say. */
  readonly setCookies: readonly string[];
}

const REDIRECTIONS_MAX = 20;

/** Enough of a browser to sign in with: it keeps cookies by host and port, follows redirections, and fills in forms. It runs no script. */
export class TestBrowser {
  private readonly jars = new Map<string, Map<string, string>>();

  async open(url: string, init: RequestInit = {}): Promise<BrowserPage> {
    let [at, request] = [url, init];
    for (let n = 0; n < REDIRECTIONS_MAX; n += 1) {
      const { host } = new URL(at);
      const jar = this.jarOf(host);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = {
        accept: 'text/html',
        ...(request.headers as Record<string, string>),
        ...(cookie === '' ? {} : { cookie }),
      };
      const answer = await fetch(at, { ...request, headers, redirect: 'manual' });
      const setCookies = answer.headers.getSetCookie();
      for (const each of setCookies) keep(jar, each);
      const location = answer.headers.get('location');
      const html = await answer.text();
      if (location === null || answer.status < 300 || answer.status > 399)
        return { url: at, status: answer.status, html, setCookies };
      [at, request] = [new URL(location, at).href, {}];
    }
    throw new Error(`${url} leads from one page to the next without an end.`);
  }

  /** Sends a form of the page, the first one that has all these fields, with what is filled in, and with what a button adds. */
  async submit(
    page: BrowserPage,
    fields: Readonly<Record<string, string>>,
    added: Readonly<Record<string, string>> = {},
  ): Promise<BrowserPage> {
    const names = Object.keys(fields);
    const form = formsOf(page.html).find(({ inputs }) => names.every((name) => inputs.has(name)));
    if (form === undefined)
      throw new Error(`No form with ${names.join()} at ${page.url}: ${page.html.slice(0, 2_000)}`);
    const filled = new URLSearchParams([
      ...[...form.inputs].filter(([name]) => !names.includes(name) && !form.buttons.has(name)),
      ...Object.entries({ ...fields, ...added }),
    ]);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.open(new URL(form.action, page.url).href, { method: 'POST', body: filled.toString(), headers });
  }

  cookie(host: string, name: string): string | null {
    return this.jarOf(host).get(name) ?? null;
  }

  setCookie(host: string, name: string, value: string): void {
    this.jarOf(host).set(name, value);
  }

  private jarOf(host: string): Map<string, string> {
    const jar = this.jars.get(host) ?? new Map<string, string>();
    this.jars.set(host, jar);
    return jar;
  }
}

function keep(jar: Map<string, string>, header: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
  if (value === '' || /;\s*max-age=0/i.test(header) || /expires=thu, 01 jan 1970/i.test(header)) jar.delete(name);
  else jar.set(name, value);
}

interface Form {
  readonly action: string;
  /** Every input that has a name, with its value. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Those of them that are sent only where they are pressed. */
  readonly buttons: ReadonlySet<string>;
}

function formsOf(html: string): readonly Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([^]*?)<\/form>/gi)].map(([, head = '', body = '']) => ({
    action: attribute(head, 'action') ?? '',
    buttons: new Set(
      [...body.matchAll(/<(?:input|button)\b([^>]*)>/gi)].flatMap(([whole, text = '']) => {
        const isButton = /^<button/i.test(whole) || attribute(text, 'type') === 'submit';
        return isButton ? [attribute(text, 'name') ?? ''] : [];
      }),
    ),
    inputs: new Map(
      [...body.matchAll(/<(?:input|button)\b([^>]*)>/gi)].flatMap(([, text = '']): [string, string][] => {
        const name = attribute(text, 'name');
        return name === null ? [] : [[name, attribute(text, 'value') ?? '']];
      }),
    ),
  }));
}

function attribute(text: string, name: string): string | null {
  const [, quoted] = new RegExp(`(?:^|\\s)${name}\\s*=\\s*"([^"]*)"`, 'i').exec(text) ?? [];
  return quoted === undefined ? null : unescaped(quoted);
}

const unescaped = (text: string): string =>
  text
    .replace(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, digits: string) => String.fromCodePoint(Number(digits)))
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
