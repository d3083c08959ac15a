import { useState } from 'preact/hooks';
import { download, jobPath, problemFrom, request } from '../api/client.ts';
import type { Artifact, Artifacts, Problem } from '../api/types.ts';
import { Choice } from '../ui/choice.tsx';
import { ProblemNotice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

const formats = [
  ['onnx', 'ONNX'],
  ['tfjs', 'TensorFlow.js'],
  ['safetensors', 'safetensors'],
] as const;
type Format = (typeof formats)[number][0];

const checkpoints = [
  ['latest', 'Latest checkpoint'],
  ['best', 'Best checkpoint'],
] as const;

export interface ExportPanelProps {
  readonly id: string;
  /** There are files more. */
  readonly onExported: () => void;
}

/** Has the coordinator write the network for other programs, and fetches it. */
export function ExportPanel({ id, onExported }: ExportPanelProps) {
  const [checkpoint, setCheckpoint] = useState<(typeof checkpoints)[number][0]>('latest');
  const [busy, setBusy] = useState<Format | null>(null);
  const [failed, setFailed] = useState<Problem | null>(null);
  const [written, setWritten] = useState<readonly Artifact[]>([]);
  const write = async (format: Format): Promise<void> => {
    setBusy(format);
    setFailed(null);
    try {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ format, checkpoint });
      const answer = await request(jobPath(id, '/exports'), { method: 'POST', headers, body });
      const { artifacts } = (await answer.json()) as Artifacts;
      setWritten(artifacts);
      onExported();
      for (const { name } of artifacts) await download(id, name);
    } catch (error) {
      setFailed(problemFrom(error));
    }
    setBusy(null);
  };
  return (
    <Panel
      title="The network for other programs"
      tools={<Choice label="Of" options={checkpoints} value={checkpoint} onChange={setCheckpoint} />}
    >
      <ProblemNotice problem={failed} />
      <div class="buttons">
        {formats.map(([format, text]) => (
          <button
            key={format}
            type="button"
            class="button"
            disabled={busy !== null}
            onClick={() => void write(format)}
          >
            {text}
          </button>
        ))}
      </div>
      <p class="muted" aria-live="polite">
        {busy === null
          ? written.length === 0
            ? 'It is written beside the other files, and downloaded.'
            : `Written: ${written.map(({ name }) => name).join(', ')}`
          : 'The coordinator writes it …'}
      </p>
    </Panel>
  );
}
