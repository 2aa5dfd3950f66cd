import type { ResolutionRules } from './resolve-customers.js';

/**
 * How links make customers: a person has one `userId` with us; a raw component of more subjects than the limit is
 * somebody's shared device or a data error, and keeps only what a person or a login said. Keep-aparts come with unmerging.
 */
export const RESOLUTION_RULES: ResolutionRules = {
  uniqueNamespaces: ['userId'],
  keepApart: [],
  componentLimit: 200,
};
