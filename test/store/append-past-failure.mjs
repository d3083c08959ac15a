// Appends a line that fits, one that does not, and one that fits; prints the code of the failure.
// usage: node append-past-failure.mjs DIRECTORY
import { FolderRunStore } from '#services/store/folder-run-store.js';

const store = new FolderRunStore(process.argv[2]);
const lines = await store.lines('events.jsonl');
await lines.append('first');
await lines.append('x'.repeat(100_000)).catch(({ code }) => console.log(code));
await lines.append('second');
await store.close();
