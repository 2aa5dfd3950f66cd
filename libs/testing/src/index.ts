/** Fakes, builders and given/when/then: imported by specs, tests and benchmarks only. */
export { ONE_IS_ENOUGH } from './one-is-enough.js';
export { memoryLog } from './memory-log.js';
export { orderPlaced } from './order-placed.js';
export { smallDisk, type SmallDisk } from './small-disk.js';
export { arbitraryOf, sampleOf } from './touchpoints.js';
export { instantText, staysOf, story, Story, storyUnder, when, type Bought } from './story.js';
export { MARY, nested, PERSON_FORMS } from './person-forms.js';
export { TestIssuer, type SigningOptions } from './test-issuer.js';
export { TestBrowser, type BrowserPage } from './test-browser.js';
export { TestProvider, type TestProviderOptions } from './test-provider.js';
