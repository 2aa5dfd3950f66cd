import { createHash } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2321; --soft: #5a6461; --line: #d9dedb; --paper: #fbfcfa; --card: #fff; --accent: #0b6b53; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7ecea; --soft: #a1aca8; --line: #2f3936; --paper: #141917; --card: #1b2220; --accent: #6fd3b4; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 2rem; letter-spacing: -0.01em; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.125rem; }
p { margin: 0.5rem 0; }
.lead { color: var(--soft); font-size: 1.0625rem; max-width: 38rem; }
a { color: var(--accent); text-underline-offset: 0.2em; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
ul { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
li { display: grid; grid-template-columns: 11rem 1fr; gap: 0.25rem 1rem; padding: 0.7rem 1rem; }
li + li { border-top: 1px solid var(--line); }
li span { color: var(--soft); }
ol { margin: 0; padding: 0; list-style: none; counter-reset: step; }
ol > li { display: block; padding: 0; margin: 0 0 1.25rem; border: 0; counter-increment: step; }
ol p::before { content: counter(step) ". "; color: var(--soft); }
pre { margin: 0.4rem 0 0; padding: 0.8rem 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card); font: 0.875rem/1.5 ui-monospace, monospace; }
code { font: 0.9em ui-monospace, monospace; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.9rem; }
@media (max-width: 34rem) { main { padding-top: 2rem; } li { grid-template-columns: 1fr; } }
`;

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
  vary: 'accept',
};

/** What the front page leads to; the same for programs, as JSON. */
const LINKS = {
  documentation: '/docs',
  openapi: '/docs-json',
  ready: '/health/ready',
  live: '/health/live',
  metrics: '/metrics',
  touchpoints: '/v1/touchpoints',
  types: '/v1/types',
  queries: '/v1/query/customers',
} as const;

/** Serves the front page at `/`: who opens the address in a browser is led on, and a program gets the same links as JSON. */
export function setUpFrontPage(app: INestApplication): void {
  const server = app.getHttpAdapter().getInstance() as FastifyInstance;
  server.get('/', (request: FastifyRequest, reply: FastifyReply) => {
    for (const [name, value] of Object.entries(HEADERS)) reply.header(name, value);
    const accept = request.headers.accept ?? '';
    const wantsJson = accept.includes('application/json') && !accept.includes('text/html');
    return wantsJson
      ? reply.type('application/json; charset=utf-8').send(JSON.stringify({ name: 'Perennial', links: LINKS }))
      : reply.type('text/html; charset=utf-8').send(page(addressOf(request)));
  });
}

/** The address under which the page was opened, for the commands that it shows. */
function addressOf({ headers: { host = '' } }: FastifyRequest): string {
  return `http://${/^[\w.-]+(?::\d{1,5})?$|^\[[\da-fA-F:]+\](?::\d{1,5})?$/.test(host) ? host : '127.0.0.1:3000'}`;
}

const page = (address: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Perennial</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Perennial</h1>
<p class="lead">The engine is running. Channels publish touchpoints to it; it derives where each customer stands in the lifecycle, and says why.</p>

<h2>Where to go</h2>
<ul>
<li><a href="${LINKS.documentation}">Documentation</a><span>every route with its schemas, and a form to try it out</span></li>
<li><a href="${LINKS.ready}">Health</a><span>whether every part can do its work (<a href="${LINKS.live}">live</a>; metrics at <code>${LINKS.metrics}</code>, with a key)</span></li>
<li><a href="${LINKS.openapi}">OpenAPI</a><span>the same documentation for programs</span></li>
</ul>

<h2>First commands</h2>
<p>In a terminal, in the folder of the engine:</p>
<ol>
<li><p>See the customers, the most valuable first.</p>
<pre><code>npx perennial query customers --sort revenue --limit 10</code></pre></li>
<li><p>Ask why a customer stands there: take a <code>customerId</code> of the answer.</p>
<pre><code>npx perennial explain CUSTOMER_ID</code></pre></li>
<li><p>Publish a touchpoint. The admin key was printed at the first start.</p>
<pre><code>curl ${address}${LINKS.touchpoints} \\
  -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"id":"o-1","source":"shop","type":"order-placed","channel":"web",
       "identifiers":[{"namespace":"email","value":"jane.doe@example.com"}],
       "data":{"orderId":"o-1","currency":"EUR","totalMinor":1990}}'</code></pre></li>
</ol>

<h2>What may be sent</h2>
<p><code>npx perennial types</code> lists all touchpoints with their fields, and how identifiers are normalised. With a key: <code>GET ${LINKS.types}</code>.</p>

<footer>Every other route needs an API key: <code>Authorization: Bearer KEY</code>.</footer>
</main>
</body>
</html>
`;
