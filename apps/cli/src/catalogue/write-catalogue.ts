import { rmSync, writeFileSync } from 'node:fs';
import type { Catalogue } from './catalogue.js';
import { catalogueOfLibraries } from './make-catalogue.js';
import { program } from '../program.js';

/** Writes the catalogue beside the compiled program: a step of the build. */
const place = new URL('catalogue.json', import.meta.url);
// What an earlier build wrote is not what this one says.
rmSync(place, { force: true });
const session = { clock: { now: () => 0 }, stderr: { write: () => true }, signal: new AbortController().signal };
const perennial = await program(session, '');
const help = perennial.createHelp();
const commands = perennial.commands.map((command) => ({
  name: command.name(),
  term: help.subcommandTerm(command),
  summary: help.subcommandDescription(command),
}));
writeFileSync(place, JSON.stringify({ ...catalogueOfLibraries(), commands } satisfies Catalogue));
