/** Opens the read models in a folder, says so, and ends. */
import { openDatabase } from '../stores/open-database.js';

const database = await openDatabase({ kind: 'pglite', folder: process.argv[2] ?? '' });
console.log('open');
await database.close();
