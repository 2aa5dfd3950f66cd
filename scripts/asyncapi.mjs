// `npm run asyncapi`: writes docs/asyncapi.json again from the contracts and the registry of feeds.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);
const { asyncApiDocument } = await import('#feeds');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { format } = await import('prettier');
const text = await format(JSON.stringify(asyncApiDocument(version)), { parser: 'json', printWidth: 120 });
writeFileSync(join(root, 'docs/asyncapi.json'), text);
