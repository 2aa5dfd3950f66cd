import type { Processor } from '../processor/processor.js';
import { followBeside, storeBeside, type RebuildOptions } from './build-beside.js';
import { switchTo } from './switch.js';
import { fitsThisProgram, listVersions, previouslyLive, type Version } from './versions.js';

/**
 * Switches to a version that is still kept, older or newer: it is brought up to date and made live. Without a number, to the one that was
 * live before. Returns the one that is live now.
 *
 * @throws RangeError when there is no such version, or it was built for other read models than this program has
 */
export async function rollback(
  processor: Processor,
  number: number | undefined,
  options: RebuildOptions = {},
): Promise<Version> {
  const versions = await listVersions(processor.context.database);
  const version = number === undefined ? previouslyLive(versions) : versions.find((one) => one.version === number);
  if (version === undefined || version.status === 'building')
    throw new RangeError(
      number === undefined ? 'There is no older version to go back to.' : `There is no version ${number} to go to.`,
    );
  if (version.status === 'live') return version;
  if (!fitsThisProgram(version))
    throw new RangeError(`Version ${version.version} was built for other read models: rebuild instead.`);
  const copy = storeBeside(processor.context, version);
  await followBeside(processor, copy, options);
  await switchTo(processor, version, copy, options.onProgress);
  return version;
}
