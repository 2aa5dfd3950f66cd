import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';

describe('the settings of an identity provider', () => {
  it.each([
    ['https://login.example/realms/shop', 'https://login.example/realms/shop'],
    ['http://127.0.0.1:8080/realms/shop', 'http://127.0.0.1:8080/realms/shop'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['OFF', null],
  ])('accept the issuer %s', (text, issuer) => {
    expect(readConfig({ OIDC_ISSUER: text }).oidcIssuer).toBe(issuer);
  });

  it.each([
    ['OIDC_ISSUER', 'http://login.example', /OIDC_ISSUER must be off, or an https address .*this machine alone/],
    ['OIDC_ISSUER', 'http://127.0.0.1.example', /OIDC_ISSUER must be off, or an https address/],
    ['OIDC_ISSUER', 'login.example', /OIDC_ISSUER must be off, or an https address/],
    ['PUBLIC_URL', 'https://user:password@engine.example', /PUBLIC_URL must be off, or an https address without user/],
    ['PUBLIC_URL', 'https://engine.example/?a=1', /PUBLIC_URL must be off/],
    ['OIDC_ROLES', 'realm_access.roles', /OIDC_ROLES must be a JSON pointer to a claim: give such as \/roles/],
    ['OIDC_ROLES', '/a~2', /OIDC_ROLES must be a JSON pointer/],
    ['OIDC_MAP', '/nowhere/roles.yaml', /OIDC_MAP names the file \/nowhere\/roles\.yaml, which does not exist/],
    ['OIDC_TOKEN_TYPE', 'jwt', /OIDC_TOKEN_TYPE must be/],
    ['SESSION_HOURS', '0', /SESSION_HOURS must be a whole number from 1 to 168/],
  ])('reject %s=%s', (name, text, message) => {
    expect(() => readConfig({ [name]: text })).toThrow(message);
  });

  it('repeat no secret', () => {
    expect(readConfig({ OIDC_CLIENT_SECRET: 'hunter2' }).oidcClientSecret).toBe('hunter2');
    expect(() => readConfig({ OIDC_CLIENT_SECRET: 'file:/nowhere/hunter2' })).toThrow(
      /^OIDC_CLIENT_SECRET names a file that cannot be read \(ENOENT\)(?!.*hunter2)/,
    );
  });
});
