import { ndjsonRows } from './rows.js';
import { RowIdentity } from './row-identity.js';
import type { ImportLayout, TouchpointDraft } from './draft.js';

/**
 * NDJSON of touchpoints as they are, one a line: what `perennial simulate` and `perennial export` write. Intake judges each; a line that is
 * no JSON object is invalid.
 */
export function touchpointsLayout(): ImportLayout {
  return {
    name: 'touchpoints',
    async *read(file, notes) {
      const identity = new RowIdentity();
      for await (const page of ndjsonRows(file)) {
        notes.lines += page.length;
        yield page.map((row) =>
          'broken' in row
            ? {
                kind: 'invalid' as const,
                line: row.line,
                invalid: {
                  id: `row-${identity.of(row.text)}`,
                  source: 'import',
                  file: file.name,
                  line: row.line,
                  row: row.text,
                  identifiers: [],
                  code: 'row-malformed',
                  pointer: '',
                  detail: `The line ${row.broken}`,
                  hint: 'Write one JSON object a line.',
                },
              }
            : { kind: 'touchpoint' as const, line: row.line, draft: row.cells as unknown as TouchpointDraft },
        );
      }
    },
  };
}
