import type { Registry } from 'prom-client';
import type { Page } from './server.ts';

/** A page of JSON. @param open shown without a token */
export function jsonPage(path: string, value: () => unknown, open = false): Page {
  const body = () => ({ type: 'application/json', text: JSON.stringify(value()) });
  return { path, open, body };
}

/** `/metrics`, as Prometheus reads it. */
export function metricsPage(registry: Registry): Page {
  const body = async () => ({ type: registry.contentType, text: await registry.metrics() });
  return { path: '/metrics', body };
}
