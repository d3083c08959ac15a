import type { UntypedHandleCall } from '@grpc/grpc-js';
import type { FeedItem, JobService } from '../../service/job-service.js';
import type { Handlers } from './handlers.js';
import type { GrpcLimits } from './limits.js';
import {
  artifactMessages,
  confusionMessage,
  datasetMessage,
  detailsMessage,
  feedMessage,
  jobMessage,
  workerMessage,
} from './replies.js';
import {
  artifactName,
  curveOf,
  exportOf,
  idOf,
  listOf,
  type MethodName,
  solvesOf,
  specOf,
  submitOf,
  watchOf,
} from './requests.js';
import { takeUpload } from './upload.js';

/** The line of a job's log that tells of an item; null where none does. */
export type LogLine = (item: FeedItem, context: { readonly job: string }) => object | null;

export interface MethodOptions {
  readonly service: JobService;
  readonly logLine: LogLine;
  readonly limits: GrpcLimits;
}

/** Each method of locoprop.v1.Coordinator, as calls of the application layer. */
export function createMethods(
  { service, logLine, limits }: MethodOptions,
  { unary, serverStream, clientStream }: Handlers,
): Readonly<Record<MethodName, UntypedHandleCall>> {
  return {
    Submit: unary('Submit', async (request) => {
      const { job, created } = await service.submit(submitOf(request, limits));
      return { job: detailsMessage(job), created };
    }),
    ValidateSpec: unary('ValidateSpec', async (request) => ({
      specJson: JSON.stringify(await service.validate(specOf(request, limits))),
    })),
    GetJob: unary('GetJob', async (request) => detailsMessage(await service.get(idOf(request)))),
    ListJobs: unary('ListJobs', async (request) => {
      const { jobs, next } = await service.list(listOf(request));
      return { jobs: jobs.map(jobMessage), next };
    }),
    PauseJob: unary('PauseJob', async (request) => jobMessage(await service.pause(idOf(request)))),
    ResumeJob: unary('ResumeJob', async (request) => jobMessage(await service.resume(idOf(request)))),
    CancelJob: unary('CancelJob', async (request) => jobMessage(await service.cancel(idOf(request)))),
    DeleteJob: unary('DeleteJob', async (request) => {
      await service.remove(idOf(request));
      return {};
    }),

    WatchJob: serverStream('WatchJob', async (request, signal) =>
      mapped(await service.watch(idOf(request), watchOf(request, signal)), feedMessage),
    ),
    GetJobLogs: serverStream('GetJobLogs', async (request, signal) => {
      const job = idOf(request);
      const items = await service.watch(job, watchOf(request, signal));
      return mapped(items, (item) => {
        const line = logLine(item, { job });
        return line && { cursor: item.cursor, lineJson: JSON.stringify(line) };
      });
    }),

    GetMetrics: unary('GetMetrics', async (request) => ({
      epochs: await service.metrics(idOf(request), curveOf(request)),
    })),
    GetSteps: unary('GetSteps', async (request) => ({
      steps: await service.steps(idOf(request), curveOf(request)),
    })),
    GetConfusion: unary('GetConfusion', async (request) => ({
      confusion: confusionMessage(await service.confusion(idOf(request))),
    })),
    ListArtifacts: unary('ListArtifacts', async (request) => ({
      artifacts: await service.artifacts(idOf(request)),
    })),
    ExportJob: unary('ExportJob', async (request) => ({
      artifacts: await service.export(idOf(request), exportOf(request)),
    })),
    DownloadArtifact: serverStream('DownloadArtifact', async (request, signal) => {
      const { file, content } = await service.openArtifact(idOf(request), artifactName(request));
      // Whoever reads it is told, too; without a listener, a failure before that would end the process.
      content.on('error', () => undefined);
      const close = (): void => void content.destroy();
      if (signal.aborted) close();
      else signal.addEventListener('abort', close, { once: true });
      return artifactMessages(file, content as AsyncIterable<Uint8Array>);
    }),

    ListWorkers: unary('ListWorkers', async (request) => {
      const workers = await Promise.resolve(service.workers(solvesOf(request)));
      return { workers: workers.map(workerMessage) };
    }),

    UploadDataset: clientStream(async (messages, signal) =>
      datasetMessage(await takeUpload(service, messages, limits, signal)),
    ),
    ListDatasets: unary('ListDatasets', async () => ({
      datasets: (await service.datasets()).map(datasetMessage),
    })),
    GetDataset: unary('GetDataset', async (request) => datasetMessage(await service.dataset(idOf(request)))),
    DeleteDataset: unary('DeleteDataset', async (request) => {
      await service.removeDataset(idOf(request));
      return {};
    }),
  };
}

/** The items as messages, without those that have none. */
async function* mapped<Item>(
  items: AsyncIterable<Item>,
  messageOf: (item: Item) => object | null,
): AsyncGenerator<object> {
  for await (const item of items) {
    const message = messageOf(item);
    if (message) yield message;
  }
}
