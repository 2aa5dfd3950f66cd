// `npm run mapping-schema`: writes docs/mapping.schema.json again from the classes of the mapping document.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);
const { mappingSchema } = await import('#imports');
const { format } = await import('prettier');
const text = await format(JSON.stringify(mappingSchema()), { parser: 'json', printWidth: 120 });
writeFileSync(join(root, 'docs/mapping.schema.json'), text);
