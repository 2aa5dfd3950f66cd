import type { PipeTransform } from '@nestjs/common';
import type { DocumentReader } from '#contracts';
import { Problem } from '../problems/problem.js';

/**
 * Validates a request body by a document reader, and hands the handler the document with its defaults. An absent body is read as an empty
 * document. Each issue is listed in the answer, unknown fields included.
 *
 * @example create(@Body(new DocumentPipe(NEW_API_KEY)) body: NewApiKey)
 * @throws Problem 422 of type `invalid`
 */
export class DocumentPipe<T> implements PipeTransform<unknown, T> {
  constructor(
    private readonly reader: DocumentReader<T>,
    /** The problem's `detail`: what cannot be done. */
    private readonly detail = 'The request body is not valid.',
  ) {}

  transform(body: unknown): T {
    const reading = this.reader.read(body ?? {});
    if (reading.ok) return reading.value;
    throw new Problem(422, { type: 'invalid', detail: this.detail, errors: reading.errors });
  }
}
