// `npm run touchpoints`: writes docs/touchpoints.md again from the contracts and the built-in policy.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);
const { touchpointsPage } = await import('#ingestion');
const { format } = await import('prettier');
writeFileSync(
  join(root, 'docs/touchpoints.md'),
  await format(touchpointsPage(), { parser: 'markdown', printWidth: 120 }),
);
