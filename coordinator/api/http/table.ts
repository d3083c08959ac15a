import { openApiDocument } from './openapi.js';
import type { Route } from './route.js';
import { datasetRoutes } from './routes/datasets.js';
import { curveRoutes } from './routes/curves.js';
import { feedRoutes } from './routes/feeds.js';
import { jobRoutes } from './routes/jobs.js';
import { operationRoutes } from './routes/operations.js';
import { resultRoutes } from './routes/results.js';

export interface TableOptions {
  readonly version: string;
  /** Whether /metrics needs no token. */
  readonly openMetrics: boolean;
  /** Whether no route needs one. */
  readonly open: boolean;
}

/** Every route there is; requests are checked by it, and the description of the interface is made from it. */
export function routesTable(options: TableOptions): readonly Route[] {
  const { openMetrics } = options;
  let document: string | undefined;
  const routes: readonly Route[] = [
    ...jobRoutes,
    ...feedRoutes,
    ...curveRoutes,
    ...resultRoutes,
    ...datasetRoutes,
    ...operationRoutes({
      openMetrics,
      document: () => (document ??= JSON.stringify(openApiDocument(routes, options))),
    }),
  ];
  return routes;
}
