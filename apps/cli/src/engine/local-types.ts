import type { EventLog } from '#event-log';
import {
  CHECK_TYPE_REQUEST,
  checkType,
  NAMESPACE_DESCRIPTIONS,
  registeredTypes,
  RegisterType,
  typeDescriptions,
  type CheckTypeRequest,
  type RegisterTypeHandler,
} from '#ingestion';
import { rejected } from '../exit-codes.js';
import { issueLines } from '../terminal/issue-lines.js';
import type { Engine, TypeChecked, TypeRegistered } from './engine.js';

/** The actor that is recorded for what the command line does on the data folder itself. */
const LOCAL = 'local';

/** Touchpoint types, on a data folder that is opened in this process. */
export class LocalTypes {
  constructor(
    private readonly log: EventLog,
    private readonly handler: RegisterTypeHandler,
  ) {}

  async list(): ReturnType<Engine['types']> {
    return { types: typeDescriptions(await registeredTypes(this.log)), namespaces: NAMESPACE_DESCRIPTIONS };
  }

  async register(definition: unknown): Promise<TypeRegistered> {
    const verdict = await this.handler.execute(new RegisterType(definition, LOCAL));
    if (!verdict.ok) throw rejected(`The type cannot be registered:${issueLines(verdict.errors)}`);
    const { name, version } = verdict.definition;
    return { name, version, position: verdict.position };
  }

  async check(request: CheckTypeRequest): Promise<TypeChecked> {
    const reading = CHECK_TYPE_REQUEST.read(request);
    const verdict = reading.ok ? checkType(await registeredTypes(this.log), reading.value) : reading;
    if (!verdict.ok) throw rejected(`The type cannot be checked:${issueLines(verdict.errors)}`);
    const { name, version, changed, samples } = verdict;
    return { name, version, changed, samples };
  }
}
