import { describe, expect, it } from '@jest/globals';
import { Default, documentReader, ListOf, NumberAbove, OneOf, OrNull, Part, Scalar, Text, Whole } from '#contracts';
import { Problem } from '../problems/problem.js';
import { DocumentPipe } from './document.pipe.js';
import { openApiSchema } from '../openapi/openapi-schema.js';

class Gift {
  @Text(20) sku!: string;
}

class Order {
  @Text(20) name!: string;
  @Default(1) @Whole(1, 9) quantity!: number;
  @Default(null) @OrNull(OneOf('EUR', 'SEK')) currency!: string | null;
  @Default(null) @OrNull(Part(() => Gift)) gift!: Gift | null;
  @Default(0.5) @NumberAbove(0, { below: 1 }) share!: number;
  @Default([]) @ListOf(Scalar()) notes!: (string | number | boolean | null)[];
}

const ORDER = documentReader(Order);

describe('the pipe of a request body', () => {
  const pipe = new DocumentPipe(ORDER, 'The order cannot be placed.');
  const problemOf = (body: unknown): Problem => {
    try {
      pipe.transform(body);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
    throw new Error('The body was accepted.');
  };

  it('gives the handler the document with its defaults', () => {
    expect(pipe.transform({ name: 'tent', quantity: 2 })).toEqual({
      ...{ name: 'tent', quantity: 2, currency: null, gift: null, share: 0.5, notes: [] },
    });
  });

  it('rejects a body with every issue in it, unknown fields included', () => {
    const { problem } = problemOf({ quantity: 0, colour: 'red' });
    expect(problemOf({}).getStatus()).toBe(422);
    expect(problem).toMatchObject({ type: 'invalid', detail: 'The order cannot be placed.' });
    expect(problem.errors?.map(({ pointer }) => pointer).sort()).toEqual(['#/colour', '#/name', '#/quantity']);
  });

  it.each([[undefined], [null], [[]], ['tent'], [7]])('rejects the body %j', (body) => {
    expect(problemOf(body).problem.errors?.length).toBeGreaterThan(0);
  });
});

describe('the schema of a document in OpenAPI', () => {
  it('says null, bounds and several types as OpenAPI 3.0 does', () => {
    expect(openApiSchema(ORDER.schema)).toMatchObject({
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: {
        quantity: { type: 'integer', minimum: 1, maximum: 9, default: 1 },
        currency: { type: 'string', nullable: true, enum: ['EUR', 'SEK', null] },
        gift: { nullable: true, allOf: [{ type: 'object', properties: { sku: { type: 'string' } } }] },
        share: { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 1, exclusiveMaximum: true },
        notes: {
          type: 'array',
          items: { nullable: true, anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
        },
      },
    });
  });
});
