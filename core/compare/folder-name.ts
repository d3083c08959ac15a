/** A contender's name as that of a folder, and of a job: `LocoProp-S exact` is `locoprop-s-exact`. */
export const folderNameOf = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');

/** Folders of a comparison that are no contender's. */
export const SEARCH_FOLDER = 'search';
export const REPLACED_FOLDER = 'replaced';
