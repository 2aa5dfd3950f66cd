import { createHash, type Hash } from 'node:crypto';
import { mkdir, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageLine, PackageSummary } from '#data-subjects';
import { CliError, EXIT, rejected } from '../exit-codes.js';

/** A file of a package: nothing that leads out of its folder. */
const FILE_NAME = /^[a-z][a-z-]{0,40}\.(?:json|ndjson|csv|html)$/;

/** Makes the folder of a package, which is for its owner only. @throws CliError where it holds something already */
export async function newPackageFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0)
    throw rejected(`The folder ${folder} is not empty: name a new one for the package.`);
}

/** Writes a package as it comes, and checks it against its own digests. @throws CliError where it was cut, or differs from them */
export async function writePackage(
  folder: string,
  lines: AsyncIterable<PackageLine>,
  onProgress: (done: number, total: number) => void,
): Promise<PackageSummary> {
  const digests = new Map<string, string>();
  const writing: { current: { readonly name: string; readonly file: FileHandle; readonly hash: Hash } | null } = {
    current: null,
  };
  let summary: PackageSummary | null = null;
  const end = async (): Promise<void> => {
    if (writing.current === null) return;
    const { name, file, hash } = writing.current;
    writing.current = null;
    digests.set(name, hash.digest('hex'));
    // A package that was handed over must be on the disk.
    await file.sync().finally(() => file.close());
  };
  try {
    for await (const line of lines) {
      if ('total' in line) onProgress(line.done, line.total);
      else if ('package' in line) summary = line.package;
      else {
        if (writing.current?.name !== line.file) {
          await end();
          if (!FILE_NAME.test(line.file) || digests.has(line.file))
            throw broken(`has a file of the name ${JSON.stringify(line.file)}`);
          const file = await open(join(folder, line.file), 'wx', 0o600);
          writing.current = { name: line.file, file, hash: createHash('sha256') };
        }
        writing.current.hash.update(line.text);
        await writing.current.file.writeFile(line.text);
      }
    }
  } finally {
    await end();
  }
  if (summary === null) throw broken('was cut');
  if (digests.get('manifest.json') !== summary.digest) throw broken('has another manifest than it says');
  for (const { name, sha256 } of summary.files)
    if (digests.get(name) !== sha256) throw broken(`has another ${name} than its manifest says`);
  return summary;
}

const broken = (how: string): CliError =>
  new CliError(EXIT.failed, `The package ${how}: delete the folder, and run the command again.`);
