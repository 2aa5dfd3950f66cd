import { PRESETS } from '#imports';
import { paramSchemas, QUERIES } from '#queries';
import type { Catalogue } from './catalogue.js';

/** What the libraries say of themselves. */
export function catalogueOfLibraries(): Catalogue {
  return {
    queries: QUERIES.map((query) => ({
      name: query.name,
      summary: query.summary,
      ...(query.description === undefined ? {} : { description: query.description }),
      paged: query.paged,
      opens: query.opens !== undefined,
      columns: query.columns.map(({ name, description }) => ({ name, description })),
      params: paramSchemas(query),
    })),
    presets: PRESETS.map(({ name, summary, mapping }) => ({ name, summary, isMapping: mapping !== undefined })),
    commands: null,
  };
}
