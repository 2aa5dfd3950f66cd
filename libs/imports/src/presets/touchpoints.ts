import { invalidRow, InvalidValue } from '../invalid-value.js';
import { ndjsonRows } from '../rows.js';
import { RowIdentity } from '../row-identity.js';
import type { TouchpointInput } from '../import-item.js';
import type { ImportReader } from '../import-reader.js';

/**
 * NDJSON of touchpoints in their own format, one a line: what `perennial simulate` writes. Ingestion validates each of them; a line
 * that is not a JSON object is an invalid row.
 */
export function touchpointsReader(): ImportReader {
  return {
    name: 'touchpoints',
    async *read(file, report) {
      const identity = new RowIdentity();
      for await (const page of ndjsonRows(file, 'ours')) {
        report.lines += page.length;
        yield page.map((row) => {
          const { line } = row;
          if ('cells' in row)
            return { kind: 'touchpoint' as const, line, touchpoint: row.cells as unknown as TouchpointInput };
          const id = `row-${identity.of(row.text)}`;
          const place = { id, source: 'import', file: file.name, line, row: row.text, identifiers: [] };
          const reason =
            row.malformed instanceof InvalidValue
              ? row.malformed
              : new InvalidValue('row-malformed', null, row.malformed, 'write one JSON object on each line');
          return { kind: 'invalid' as const, line, invalid: invalidRow(place, reason) };
        });
      }
    },
  };
}
