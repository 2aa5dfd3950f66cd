/** Opens the read models in a folder, and ends. */
import { openDatabase } from '../open-database.js';

const database = await openDatabase({ kind: 'pglite', folder: process.argv[2] ?? '' });
await database.close();
