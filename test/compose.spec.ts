import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig } from '#platform';

const root = resolve(import.meta.dirname, '..');
const text = (name: string): string => readFileSync(join(root, name), 'utf8');

interface Service {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition?: string }>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly command?: readonly string[];
  readonly restart?: string;
  readonly networks?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

/** The issues of a compose file, in sentences. */
function issuesOf(file: string): string[] {
  const { services, volumes, networks } = parse(file, { merge: true }) as Compose;
  const issues: string[] = [];
  for (const [name, service] of Object.entries(services)) {
    if ((service.healthcheck?.test ?? []).length === 0) issues.push(`${name} has no health check.`);
    if (service.restart === undefined) issues.push(`${name} has no restart policy.`);
    if (/:latest$|^[^:]+$/.test((service.image ?? '').replace(/^\$\{\w+:-(.*)\}$/, '$1')))
      issues.push(`${name} pins no version of its image.`);
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|SECRET|TOKEN|_KEY$/.test(variable) && !/^\$\{\w+:\?[^}]+\}$/.test(value))
        issues.push(`${name} has a value for ${variable} in the file, or no message for when it is missing.`);
      if (/:\/\/[^/@:]*:(?!\$\{\w+:\?[^}]+\}@)[^/@]*@/.test(value))
        issues.push(`${name} has a password in ${variable}, in the file.`);
    }
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      if (condition !== 'service_healthy') issues.push(`${name} does not wait until ${other} is healthy.`);
      if (services[other] === undefined) issues.push(`${name} waits for ${other}, which does not exist.`);
    }
    for (const volume of service.volumes ?? []) {
      const [from = ''] = volume.split(':');
      if (!from.startsWith('./') && !(from in volumes))
        issues.push(`${name} keeps its data in ${from}, which is not a volume of the file.`);
    }
    for (const port of service.ports ?? [])
      if (!port.startsWith('127.0.0.1:')) issues.push(`${name} is reachable from the whole network at ${port}.`);
    for (const network of service.networks ?? ['default'])
      if (!(network in networks)) issues.push(`${name} is on ${network}, which is not a network of the file.`);
  }
  return issues;
}

describe('docker-compose.yml', () => {
  const file = text('docker-compose.yml');
  const { services, networks } = parse(file, { merge: true }) as Compose;

  it('has no issue', () => {
    expect(issuesOf(file)).toEqual([]);
  });

  it.each([
    [
      'a service without a health check',
      "    healthcheck: { <<: *check, test: [CMD, node, scripts/healthy.mjs, '3002'] }\n",
      '',
      /projector has no health check/,
    ],
    [
      'a literal password',
      "${POSTGRES_ADMIN_PASSWORD:?give PostgreSQL an administrator's password, see .env.example}",
      'postgres',
      /postgres has a value for POSTGRES_PASSWORD/,
    ],
    [
      'a default password',
      '${ENGINE_PASSWORD:?give the engine a password, see .env.example}@',
      '${ENGINE_PASSWORD:-secret}@',
      /a password in POSTGRES_URL/,
    ],
    [
      'a port that every machine reaches',
      '127.0.0.1:${API_PORT',
      '${API_PORT',
      /api is reachable from the whole network/,
    ],
    ['an image without a version', 'postgres:18', 'postgres', /postgres pins no version/],
    ['a folder of this machine', '- postgres:/var', '- /srv/postgres:/var', /keeps its data in \/srv\/postgres/],
  ])('has an issue with %s', (_, from, to, issue) => {
    expect(file).toContain(from);
    expect(issuesOf(file.replace(from, to)).join('\n')).toMatch(issue);
  });

  it('gives each process valid settings and an existing program', () => {
    const processes = Object.entries(services).filter(([, { command }]) => command !== undefined);
    expect(processes.map(([name]) => name).sort()).toEqual(['api', 'intake', 'projector', 'relay']);
    for (const [name, { command, environment, healthcheck }] of processes) {
      expect(command).toEqual(['node', `dist/apps/${name}/src/main.js`]);
      const filled = Object.entries(environment ?? {}).map(([key, value]) => [
        key,
        value.replaceAll(/\$\{\w+:\?[^}]+\}/g, 'x').replaceAll(/\$\{\w+:-([^}]+)\}/g, '$1'),
      ]);
      const config = readConfig(Object.fromEntries(filled) as Record<string, string>);
      expect(config.eventLog.kind).toBe('eventstore');
      const port = config[`${name}Port` as 'apiPort'];
      expect(healthcheck?.test).toEqual(['CMD', 'node', 'scripts/healthy.mjs', String(port)]);
    }
  });

  it('keeps the stores on a network that nothing outside reaches', () => {
    expect(networks['stores']?.internal).toBe(true);
    for (const name of ['postgres', 'kurrentdb', 'kafka'])
      expect(services[name]).toMatchObject({ networks: ['stores'] });
  });

  it('requires exactly the passwords that .env.example lists', () => {
    const required = new Set([...file.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
    const listed = new Set([...text('.env.example').matchAll(/^(\w*PASSWORD)=$/gm)].map(([, name]) => name));
    expect(listed).toEqual(required);
    expect(text('.env.example')).not.toMatch(/^\w*PASSWORD=.+$/m);
  });
});

describe('the Dockerfile', () => {
  const lines = text('Dockerfile').split('\n');
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  it('ends in a stage that runs as an unprivileged user, has a health check, and holds no compiler', () => {
    expect(last.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
    expect(last.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
    expect(last.filter((line) => /npm (ci|install)/.test(line))).toEqual([]);
    expect(last.filter((line) => line.startsWith('COPY --from=installed'))).toHaveLength(1);
  });

  it('runs node directly, so that it receives SIGTERM', () => {
    expect(last.find((line) => line.startsWith('CMD '))).toMatch(/^CMD \["node", /);
  });
});
