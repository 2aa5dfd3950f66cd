/** Requests of data subjects (GDPR art. 12 to 20): recorded with the last day to answer, and answered. */
export { ManageSubjectRequests, type RequestVerdict } from './handling/manage-subject-requests.js';
export { MakePackage, type PackageVerdict } from './package/make-package.js';
export type { PackageLine, PackageSummary } from './package/package-chunk.js';
export { showSubjectRequest, type ShownSubjectRequest } from './handling/show-subject-request.js';
export type { SubjectRequestView } from './handling/request-view.js';
