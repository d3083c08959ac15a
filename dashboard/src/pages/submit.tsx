import { useEffect, useRef, useState } from 'preact/hooks';
import { getJson, jobPath, problemFrom, request } from '../api/client.ts';
import type { Job, JobDetails, Problem, SpecProblem } from '../api/types.ts';
import { toYaml } from '../data/to-yaml.ts';
import { go, jobLink, route } from '../router.ts';
import { Notice, ProblemNotice } from '../ui/notice.tsx';
import { SpecEditor, type CheckedBy } from './spec-editor.tsx';

const EXAMPLE = `# Every field is in docs/spec.md.
name: curves
data:
  train: { dataset: curves, examples: 2000 }
  test: { dataset: curves, examples: 500 }
  targets: inputs
network:
  layers:
    - { units: 200, transfer: tanh }
    - { units: 50, transfer: tanh }
    - { units: 6, transfer: identity }
    - { units: 50, transfer: tanh }
    - { units: 200, transfer: tanh }
    - { units: 784, transfer: sigmoid }
  loss: sigmoid_cross_entropy
training: { batchSize: 200, epochs: 20 }
local:
  target: { name: gradient_step, activationLearningRate: 10 }
  iterations: 10
  optimizer: { name: rmsprop, learningRate: 1.0e-4 }
`;

/** `randomUUID` is there on pages with TLS and of this machine only. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );

/** What the coordinator has against a spec, of which no job is made. */
async function validated(text: string, signal: AbortSignal): Promise<readonly SpecProblem[]> {
  try {
    const headers = { 'content-type': 'application/yaml' };
    await request('/v1/specs/validate', { method: 'POST', headers, body: text, signal });
    return [];
  } catch (error) {
    const { problems } = problemFrom(error) ?? {};
    if (problems) return problems;
    throw error;
  }
}

/** Of typing, before what was typed is looked at. */
const QUIET_MS = 400;

export function SubmitPage() {
  const clone = route.value.query.get('clone');
  const [text, setText] = useState(clone === null ? EXAMPLE : '');
  const [problems, setProblems] = useState<readonly SpecProblem[]>([]);
  const [checkedBy, setCheckedBy] = useState<CheckedBy>('schema');
  const [refused, setRefused] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  // Of one text: a repeated submit of it makes no second job.
  const key = useRef(newKey());

  useEffect(() => {
    if (clone === null) return undefined;
    const ended = new AbortController();
    getJson<JobDetails>(jobPath(clone), ended.signal).then(
      ({ spec }) => setText(toYaml(spec)),
      (error: unknown) => setRefused(problemFrom(error)),
    );
    return () => ended.abort();
  }, [clone]);

  useEffect(() => {
    key.current = newKey();
    const ended = new AbortController();
    const show = (found: readonly SpecProblem[], by: CheckedBy): void => {
      if (ended.signal.aborted) return;
      setProblems(found);
      setCheckedBy(by);
    };
    const check = async (): Promise<void> => {
      try {
        const { checkSpec } = await import('../data/spec-check.ts');
        const found = await checkSpec(text);
        show(found, 'schema');
        // What the schema has nothing against, the coordinator may: contradictions, data that is not there, plugins.
        if (found.length > 0) return;
        show(await validated(text, ended.signal), 'coordinator');
      } catch (error) {
        // The coordinator checks it in any case.
        problemFrom(error);
      }
    };
    const timer = setTimeout(() => void check(), QUIET_MS);
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [text]);

  const submit = async (): Promise<void> => {
    setBusy(true);
    setRefused(null);
    try {
      const headers = { 'content-type': 'application/yaml', 'idempotency-key': key.current };
      const answer = await request('/v1/jobs', { method: 'POST', headers, body: text });
      go(jobLink(((await answer.json()) as Job).id));
    } catch (error) {
      const problem = problemFrom(error);
      setRefused(problem);
      if (problem?.problems) setProblems(problem.problems);
    }
    setBusy(false);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div class="page-head">
        <h1>Submit a job</h1>
        <div class="tools">
          <label class="button file">
            Open a file
            <input
              type="file"
              accept=".yaml,.yml,.json"
              onChange={({ currentTarget }) => {
                const [file] = currentTarget.files ?? [];
                if (file) void file.text().then(setText);
              }}
            />
          </label>
          <button type="submit" class="primary" disabled={busy}>
            Submit
          </button>
        </div>
      </div>
      {clone === null ? null : <Notice>The spec of {clone}, with every default filled in.</Notice>}
      <ProblemNotice problem={refused} />
      <SpecEditor text={text} problems={problems} checkedBy={checkedBy} onText={setText} />
    </form>
  );
}
