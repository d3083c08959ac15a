import { LocopropError } from '../../core/errors/error.js';
import { scrubText } from './scrub.js';
import type { Tracing, TracingOptions } from './traces/contract.js';

/**
 * Opens tracing; the libraries for it are loaded only then.
 * @throws LocopropError SETTING_INVALID
 */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const url = tracesUrl(options.endpoint);
  const { OtlpTracing } = await import('./traces/otlp-tracing.js');
  return new OtlpTracing({ ...options, url });
}

/** Where a collector takes traces: the path of the protocol behind its base address, as usual. */
function tracesUrl(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new LocopropError('SETTING_INVALID', {
      source: 'The configuration',
      setting: 'the endpoint of traces',
      value: scrubText(endpoint),
      reason: 'it must be an address such as http://localhost:4318.',
    });
  }
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}
