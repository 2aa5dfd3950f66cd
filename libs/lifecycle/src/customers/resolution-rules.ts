import type { ResolutionRules } from './resolve-customers.js';

/**
 * The rules of resolution: a person has one `userId`; a raw component of more subjects than the limit is a shared device or
 * a data error, and keeps only the links of an operator or a login. What operators decided comes on top.
 */
export const RESOLUTION_RULES: ResolutionRules = {
  uniqueNamespaces: ['userId'],
  keepApart: [],
  componentLimit: 200,
};
