import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { ValidationIssue } from '#contracts';

export interface ProblemOptions {
  readonly detail: string;
  /** Last part of the problem's type URI; `about:blank` without. */
  readonly type?: string;
  readonly title?: string;
  readonly errors?: readonly ValidationIssue[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of its own that this problem has. */
  readonly extension?: Readonly<Record<string, unknown>>;
}

/** An answer that is an error, as RFC 9457 writes it. Thrown by a handler, written by `ProblemFilter`. */
export class Problem extends HttpException {
  constructor(
    status: number,
    readonly problem: ProblemOptions,
  ) {
    super(problem.detail, status);
    this.name = 'Problem';
  }
}

/** The document that goes out. */
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
