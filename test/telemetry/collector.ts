import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

/** A span as OTLP/JSON has it. */
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly { readonly name: string; readonly attributes: readonly OtlpAttribute[] }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

export interface Received {
  readonly name: string;
  readonly trace: string;
  readonly id: string;
  readonly parent: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  readonly status: OtlpSpan['status'];
}

export interface Collector {
  readonly endpoint: string;
  readonly spans: Received[];
  readonly headers: IncomingHttpHeaders[];
  readonly paths: string[];
  /** Requests that have come, also those that are not answered. */
  requests: number;
  /** How the next requests are answered; null for not at all. */
  status: number | null;
}

const valuesOf = (attributes: readonly OtlpAttribute[]): Record<string, unknown> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => {
      const { stringValue, intValue, doubleValue, boolValue } = value;
      return [key, stringValue ?? intValue ?? doubleValue ?? boolValue];
    }),
  );

const spansOf = ({ resourceSpans }: OtlpRequest): Received[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map((span) => ({
        name: span.name,
        trace: span.traceId,
        id: span.spanId,
        parent: span.parentSpanId ?? null,
        startMs: Number(BigInt(span.startTimeUnixNano)) / 1e6,
        endMs: Number(BigInt(span.endTimeUnixNano)) / 1e6,
        attributes: valuesOf(span.attributes),
        resource: valuesOf(resource.attributes),
        events: span.events.map(({ name }) => name),
        status: span.status,
      })),
  );

/** A server that takes OTLP over HTTP in JSON; it is closed with the test. */
export async function startCollector(): Promise<Collector> {
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      collector.requests += 1;
      if (collector.status === null) return;
      if (collector.status === 200) {
        collector.spans.push(...spansOf(JSON.parse(text) as OtlpRequest));
        collector.headers.push(request.headers);
        collector.paths.push(request.url ?? '');
      }
      response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const collector: Collector = {
    endpoint: `http://127.0.0.1:${port}`,
    spans: [],
    headers: [],
    paths: [],
    requests: 0,
    status: 200,
  };
  return collector;
}
