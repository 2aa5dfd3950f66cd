// Lets a process of mutation testing load the specs of the rules as they stand: `--conditions=source --import ./scripts/mutation/register.mjs`.
import { register } from 'node:module';

register('../from-source/hooks.mjs', import.meta.url);
register('./hooks.mjs', import.meta.url);
