// `npm start`: from a bare clone to a running engine. Installs and compiles what has changed, then becomes the engine.
import { resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);
process.setSourceMapsEnabled(true);
await import('../dist/apps/standalone/src/main.js');
