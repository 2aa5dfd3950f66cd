import { formatInstant } from '#contracts';
import type { EventLog } from '#event-log';
import {
  attributeListings,
  DefineAttribute,
  recordedAttributes,
  RemoveAttribute,
  type AttributeListing,
  type AttributeVerdict,
  type ManageAttributes,
} from '#ingestion';
import { rejected } from '../exit-codes.js';
import { issueLines } from '../terminal/issue-lines.js';
import type { AttributeChange } from './engine.js';

/** The actor that is recorded for what the command line does on the data folder itself. */
const LOCAL = 'local';

/** Definitions of attributes, on a data folder that is opened in this process. */
export class LocalAttributes {
  constructor(
    private readonly log: EventLog,
    private readonly manage: ManageAttributes,
  ) {}

  async list(): Promise<readonly AttributeListing[]> {
    const { attributes } = await recordedAttributes(this.log);
    return attributeListings(attributes, formatInstant);
  }

  async define(document: unknown): Promise<AttributeChange> {
    return changed(await this.manage.define(new DefineAttribute(document, LOCAL)));
  }

  async remove(name: string): Promise<AttributeChange> {
    return changed(await this.manage.remove(new RemoveAttribute(name, LOCAL)));
  }
}

function changed(verdict: AttributeVerdict): AttributeChange {
  switch (verdict.outcome) {
    case 'done':
      return { name: verdict.definition.name, version: verdict.definition.version, changed: verdict.changed };
    case 'unknown':
      throw rejected('No attribute of this name is defined: perennial attribute list lists all of them.');
    case 'invalid':
      throw rejected(`The attribute cannot be defined:${issueLines(verdict.errors)}`);
  }
}
