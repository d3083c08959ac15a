// Checks in rendered manifests what schemas cannot say: that names lead somewhere, that selectors select, that
// ports have the names they are called by, and that pods keep to the restricted profile of Pod Security.
// usage: node test/kubernetes/references.mjs FILE
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

const text = readFileSync(process.argv[2], 'utf8');
const objects = parseAllDocuments(text).map((document) => document.toJS());
const problems = [];
const expect = (holds, problem) => {
  if (!holds) problems.push(problem);
};

const ofKind = (kind) => objects.filter((object) => object.kind === kind);
const has = (kind, name) => ofKind(kind).some(({ metadata }) => metadata.name === name);
const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
const matches = (labels, selector) => Object.entries(selector).every(([key, value]) => labels[key] === value);
const selected = (selector) =>
  workloads.filter(({ spec }) => matches(spec.template.metadata.labels, selector));
const portsOf = ({ spec }) => spec.template.spec.containers.flatMap(({ ports = [] }) => ports);
const services = ofKind('Service').map(({ metadata }) => metadata.name);

for (const { kind, metadata } of objects) {
  const where = `${kind} ${metadata.name}`;
  expect(kind === 'Namespace' || metadata.namespace === 'locoprop', `${where} is in no namespace`);
}

for (const { metadata, spec } of ofKind('Service')) {
  const pods = selected(spec.selector);
  expect(pods.length === 1, `Service ${metadata.name} selects ${pods.length} workloads`);
  for (const { targetPort } of spec.ports) {
    const found = pods.flatMap(portsOf).some(({ name }) => name === targetPort);
    expect(found, `Service ${metadata.name}: no container has the port ${targetPort}`);
  }
}

for (const { metadata, spec } of ofKind('PodDisruptionBudget')) {
  expect(selected(spec.selector.matchLabels).length === 1, `budget ${metadata.name} selects nothing`);
}

for (const { spec } of ofKind('HorizontalPodAutoscaler')) {
  const { kind, name } = spec.scaleTargetRef;
  const target = ofKind(kind).find(({ metadata }) => metadata.name === name);
  expect(target !== undefined, `there is no ${kind} ${name} to scale`);
  expect(target?.spec.replicas === undefined, `${kind} ${name} sets the number that its autoscaler sets`);
}

for (const { metadata, spec } of ofKind('NetworkPolicy')) {
  const pods = selected(spec.podSelector.matchLabels ?? {});
  expect(pods.length > 0, `policy ${metadata.name} selects nothing`);
  for (const { ports = [], to = [] } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    const peers = to.flatMap(({ podSelector }) => selected(podSelector?.matchLabels ?? {}));
    const names = (to.length > 0 ? peers : pods).flatMap(portsOf).map(({ name }) => name);
    for (const { port } of ports) {
      const known = typeof port === 'number' || names.includes(port);
      expect(known, `policy ${metadata.name}: no container has the port ${port}`);
    }
  }
}

for (const { kind, metadata, spec } of workloads) {
  const where = `${kind} ${metadata.name}`;
  const { template } = spec;
  const pod = template.spec;
  expect(
    matches(template.metadata.labels, spec.selector.matchLabels),
    `${where} does not select its own pods`,
  );
  expect(pod.automountServiceAccountToken === false, `${where} has a token of the cluster's API`);
  expect(pod.securityContext.runAsNonRoot === true, `${where} may run as root`);
  expect(pod.securityContext.seccompProfile.type === 'RuntimeDefault', `${where} has no seccomp profile`);
  const volumes = (pod.volumes ?? []).map(({ name }) => name);
  const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata: { name } }) => name);
  for (const { name, secret, persistentVolumeClaim } of pod.volumes ?? []) {
    if (secret) expect(has('Secret', secret.secretName), `${where}: no secret for the volume ${name}`);
    const claim = persistentVolumeClaim?.claimName;
    if (claim) expect(has('PersistentVolumeClaim', claim), `${where}: there is no claim ${claim}`);
  }
  for (const container of pod.containers) {
    const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext;
    expect(allowPrivilegeEscalation === false, `${where} may gain privileges`);
    expect(readOnlyRootFilesystem === true, `${where} may write to its root file system`);
    expect(capabilities.drop.includes('ALL') && !capabilities.add, `${where} has capabilities`);
    expect(container.resources.limits.memory !== undefined, `${where} has no limit of memory`);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      expect(container[probe] !== undefined, `${where} has no ${probe}`);
      const port = container[probe]?.httpGet?.port ?? container[probe]?.grpc?.port;
      const known = (container.ports ?? []).some((one) => one.name === port || one.containerPort === port);
      expect(port === undefined || known, `${where}: the ${probe} asks a port that it does not have`);
    }
    for (const { name } of container.volumeMounts ?? []) {
      expect([...volumes, ...claims].includes(name), `${where} mounts ${name}, which is no volume`);
    }
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      if (configMapRef) expect(has('ConfigMap', configMapRef.name), `${where}: no ${configMapRef.name}`);
      if (secretRef) expect(has('Secret', secretRef.name), `${where}: no ${secretRef.name}`);
    }
    for (const argument of container.args) {
      const [, host] = /^--coordinator=([\w.-]+):\d+$/.exec(argument) ?? [];
      if (host !== undefined) expect(services.includes(host), `${where}: there is no service ${host}`);
    }
  }
}

for (const { data } of ofKind('ConfigMap')) {
  const { hostname } = new URL(data['REDIS_URL']);
  expect(services.includes(hostname), `REDIS_URL: there is no service ${hostname}`);
}

for (const problem of problems) console.error(problem);
if (objects.length === 0) console.error('there is nothing in the file');
process.exitCode = problems.length === 0 && objects.length > 0 ? 0 : 1;
