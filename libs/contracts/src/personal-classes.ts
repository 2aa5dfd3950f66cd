/**
 * The classes of personal fields that can be kept for a shorter time than the person. `free-text`: what people wrote or said, and reasons in words. `notes`: what
 * employees wrote about them. `addresses`: of pages and places.
 */
export const PERSONAL_CLASSES = ['free-text', 'notes', 'addresses'] as const;
export type PersonalClass = (typeof PERSONAL_CLASSES)[number];
