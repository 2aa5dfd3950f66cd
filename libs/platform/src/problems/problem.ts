import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { ValidationIssue } from '#contracts';

export interface ProblemOptions {
  readonly detail: string;
  /** The last part of the problem's type URI; the type is `about:blank` without it. */
  readonly type?: string;
  readonly title?: string;
  readonly errors?: readonly ValidationIssue[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem document. */
  readonly extension?: Readonly<Record<string, unknown>>;
}

/** An error answer in the form of RFC 9457. A handler throws it, and `ProblemFilter` writes it. */
export class Problem extends HttpException {
  constructor(
    status: number,
    readonly problem: ProblemOptions,
  ) {
    super(problem.detail, status);
    this.name = 'Problem';
  }
}

/** The problem document of an answer. */
export function problemDocument(
  status: number,
  { type, title, detail, errors, extension }: ProblemOptions,
  instance?: string,
): Record<string, unknown> {
  return {
    type: type === undefined ? 'about:blank' : `urn:perennial:problem:${type}`,
    title: title ?? STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    ...(instance === undefined ? {} : { instance }),
    ...(errors === undefined ? {} : { errors }),
    ...extension,
  };
}

export const PROBLEM_JSON = 'application/problem+json';
