/**
 * Which folders of the project the code of a folder may import, besides its own. Data flows down this
 * table: nothing imports what calls it. `index.ts`, `bench/`, `examples/` and `test/` stand above it.
 */
const mayImport = {
  core: [],
  proto: [],
  engine: ['core', 'proto'],
  services: ['core', 'proto'],
  worker: ['core', 'engine', 'services', 'proto'],
  coordinator: ['core', 'engine', 'services', 'proto'],
  cli: ['core', 'coordinator', 'services', 'worker'],
  dashboard: [],
};

const layers = Object.entries(mayImport).map(([folder, allowed]) => {
  const own = [folder, ...allowed];
  return {
    name: `${folder}-imports`,
    comment: `${folder}/ may import ${own.map((name) => `${name}/`).join(', ')} and packages only.`,
    severity: 'error',
    from: { path: `^${folder}/` },
    to: {
      pathNot: [`^(${own.join('|')})/`, '(^|/)node_modules/'],
      // Node's own modules are input and output, which core/ has none of.
      ...(folder === 'core' ? {} : { dependencyTypesNot: ['core'] }),
    },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layers,
    {
      name: 'dashboard-in-a-browser',
      comment: 'The page runs in a browser, which has none of the modules of Node.js.',
      severity: 'error',
      from: { path: '^dashboard/src/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycle',
      comment: 'Files that import each other cannot be read, tested or loaded one by one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'declared-dependencies',
      comment: 'A package that the published code imports is listed in `dependencies`.',
      severity: 'error',
      // What the page imports is built into it.
      from: {
        path: `^(index\\.ts$|(${[...Object.keys(mayImport), 'bench'].join('|')})/)`,
        pathNot: '^dashboard/',
      },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'resolvable',
      comment: 'An import names a file or package that exists.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['(^|/)node_modules/', '^dist/'] },
    exclude: { path: '^(dist|runs|coverage|test/services/\\.venv)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
