import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Metrics } from '#services/telemetry/metrics/metrics.js';
import { readPage, root } from '../docs/markdown.js';

/* The files of deploy/monitoring name only metrics and labels that there are. */

const FOLDER = 'deploy/monitoring';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const { panels } = JSON.parse(readPage(`${FOLDER}/grafana/dashboards/locoprop.json`)) as { panels: Panel[] };
const { groups } = parse(readPage(`${FOLDER}/alerts.yml`)) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

const expressions = [
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr }))),
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
];

const FUNCTIONS = ['sum', 'max', 'rate', 'increase', 'histogram_quantile', 'absent', 'vector'];
const WORDS = ['by', 'or', 'and', 'unless', 'ignoring', 'group_left'];
/** What Prometheus itself adds. */
const OWN_METRICS = ['up'];
const OWN_LABELS = ['job', 'instance'];

/** Names of metrics and of labels in an expression; throws at a function that is not among those known. */
function namesIn(expr: string): { metrics: string[]; labels: string[] } {
  const labels: string[] = [];
  const left = expr
    .replaceAll(/\{([^}]*)\}/g, (_, matchers: string) => {
      labels.push(...Array.from(matchers.matchAll(/(\w+)\s*(?:=~|!=|!~|=)\s*"/g), ([, name = '']) => name));
      return '';
    })
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|ignoring)\s*\(([^)]*)\)/g, (_, _word: string, list: string) => {
      labels.push(...list.split(',').map((name) => name.trim()));
      return '';
    });
  const words = Array.from(left.matchAll(/[a-z_]\w*(\s*\()?/gi), ([word, call]) => ({
    name: word.replace(/\s*\($/, ''),
    call: call !== undefined,
  })).filter(({ name }) => !WORDS.includes(name));
  const unknown = words.find(({ name, call }) => call && !FUNCTIONS.includes(name));
  if (unknown) throw new Error(`this test does not know ${unknown.name}()`);
  return { metrics: words.filter(({ call }) => !call).map(({ name }) => name), labels };
}

const registered = new Metrics({
  version: '1',
  sources: {
    jobs: () => Promise.resolve({}),
    queue: () => Promise.resolve({ waiting: 0, oldestSeconds: 0 }),
    workers: () => Promise.resolve([{ worker: 'w', engine: 'onnx', solves: 1, busySeconds: 1, bytes: 1 }]),
  },
  onMissing: () => undefined,
});

/** Whether a name is that of a metric, or of a part of a histogram. */
const exists = (name: string): boolean =>
  OWN_METRICS.includes(name) ||
  registered.names.includes(name) ||
  registered.names.some((own) => new RegExp(`^${own}_(bucket|sum|count)$`).test(name));

describe.each(expressions)('$where: $expr', ({ expr }) => {
  it('names metrics and labels that there are', () => {
    const { metrics, labels } = namesIn(expr);
    expect(metrics).not.toEqual([]);
    expect(metrics.filter((name) => !exists(name))).toEqual([]);
    const known = [...OWN_LABELS, ...LABELS];
    expect(labels.filter((name) => !known.includes(name))).toEqual([]);
  });
});

/** Labels of the project's metrics, as services/telemetry/metrics has them, and `le` of a histogram. */
const LABELS = Array.from(
  readPage('services/telemetry/metrics/instruments.ts').matchAll(/(?:Gauge|Counter|Histogram)<([^>]+)>/g),
  ([, names = '']) => names.split('|').map((name) => name.trim().replaceAll("'", '')),
)
  .flat()
  .concat('le');

describe('the dashboard', () => {
  it('shows every metric of the project', () => {
    const shown = expressions.flatMap(({ expr }) => namesIn(expr).metrics);
    const own = registered.names.filter((name) => name.startsWith('locoprop_'));
    const missing = own.filter(
      (name) => !shown.some((one) => one.replace(/_(bucket|sum|count)$/, '') === name),
    );
    expect(missing).toEqual([]);
  });

  it('has labels in its legends that the expressions keep', () => {
    for (const { targets = [] } of panels) {
      for (const { expr, legendFormat } of targets) {
        const used = Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, name = '']) => name);
        const kept = Array.from(expr.matchAll(/by \(([^)]*)\)/g), ([, list = '']) => list.split(', ')).flat();
        const whole = !/\b(sum|max)\b/.test(expr);
        expect(used.filter((name) => !kept.includes(name) && !(whole && name === 'instance'))).toEqual([]);
      }
    }
  });

  it('has panels of their own id beside each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [index, { gridPos: a }] of panels.entries()) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      for (const { gridPos: b } of panels.slice(index + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart).toBe(true);
      }
    }
  });
});

describe('the configuration', () => {
  it('names files that there are', () => {
    const config = parse(readPage(`${FOLDER}/prometheus.yml`)) as { rule_files: string[] };
    for (const file of config.rule_files) expect(existsSync(join(root, FOLDER, file))).toBe(true);
  });

  it('scrapes the coordinator, with a token', () => {
    expect(parse(readPage(`${FOLDER}/prometheus.yml`))).toMatchObject({
      scrape_configs: [
        {
          job_name: 'locoprop',
          metrics_path: '/metrics',
          authorization: { type: 'Bearer', credentials_file: '/run/secrets/metrics-token' },
          dns_sd_configs: [{ names: ['coordinator'], type: 'A', port: 8080 }],
        },
      ],
    });
  });

  it('has alerts that say what they mean', () => {
    expect(rules.length).toBeGreaterThan(5);
    for (const { labels, annotations } of rules) {
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\.$/);
      expect(annotations.description).toMatch(/\.$/);
    }
  });

  it('has every file of Grafana in its place', () => {
    const files = readdirSync(join(root, FOLDER, 'grafana'), { recursive: true, encoding: 'utf8' });
    const yaml = files.filter((file) => file.endsWith('.yml'));
    expect(yaml.map((file) => basename(dirname(file))).toSorted()).toEqual(['dashboards', 'datasources']);
    for (const file of yaml)
      expect(parse(readPage(`${FOLDER}/grafana/${file}`))).toMatchObject({ apiVersion: 1 });
  });
});
