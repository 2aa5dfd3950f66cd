import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath, type ApiResponseOptions } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { PROBLEM_JSON } from './problem.js';

/** One issue of a request. */
export class ValidationIssueView {
  @ApiProperty({
    description: 'JSON pointer into the body as a URI fragment, or into the object of the query parameters',
    example: '#/data/currency',
  })
  readonly pointer!: string;
  @ApiProperty({ description: 'What is wrong', example: 'must be a currency of ISO 4217, such as EUR (got "EURO")' })
  readonly detail!: string;
  @ApiProperty({ description: 'How to fix it', required: false, example: 'give three capital letters' })
  readonly hint?: string;
}

/** A problem document (RFC 9457). */
export class ProblemView {
  @ApiProperty({ example: 'about:blank' })
  readonly type!: string;
  @ApiProperty({ example: 'Bad Request' })
  readonly title!: string;
  @ApiProperty({ example: 400 })
  readonly status!: number;
  @ApiProperty({ example: 'The body is not JSON.' })
  readonly detail!: string;
  @ApiProperty({ required: false, example: '/v1/touchpoints' })
  readonly instance?: string;
  @ApiProperty({ required: false, type: [ValidationIssueView] })
  readonly errors?: ValidationIssueView[];
}

/** The responses of an OpenAPI operation for the errors that it answers with, each as problem+json. */
export const problemResponses = (
  ...statuses: readonly number[]
): Record<number, { description: string; content: object }> =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: STATUS_CODES[status] ?? 'Error',
        content: { [PROBLEM_JSON]: { schema: { $ref: getSchemaPath(ProblemView) } } },
      },
    ]),
  );

/** Documents the errors that a route answers with, each as problem+json. */
export const ApiProblems = (...statuses: readonly number[]): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ApiExtraModels(ProblemView),
    ...Object.entries(problemResponses(...statuses)).map(([status, response]) =>
      ApiResponse({ status: Number(status), ...response } as ApiResponseOptions),
    ),
  );
