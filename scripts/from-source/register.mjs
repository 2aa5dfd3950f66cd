// Lets Node run the source as it stands: `node --conditions=source --import ./scripts/from-source/register.mjs FILE.ts`.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
