// Takes a folder, says so, and holds it until its input ends.
// usage: node hold-lock.mjs DIRECTORY
import { FolderRunStore } from '#services/store/folder-run-store.js';
import { writeSync } from 'node:fs';

const store = new FolderRunStore(process.argv[2]);
try {
  await store.lock();
  writeSync(1, 'locked\n');
} catch (error) {
  writeSync(1, `${error.code}\n`);
}
for await (const _ of process.stdin);
await store.close();
