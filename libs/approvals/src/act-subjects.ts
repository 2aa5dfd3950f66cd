import type { ActOnRecord } from './act-on-record.js';

/** The persons of an act; none where it concerns the business alone. */
export const subjectsOf = ({ detail }: Pick<ActOnRecord, 'detail'>): readonly string[] => {
  const { subjectIds, customerId } = detail;
  const listed = Array.isArray(subjectIds) ? (subjectIds as readonly string[]) : [];
  return typeof customerId === 'string' ? [...new Set([...listed, customerId])] : listed;
};
