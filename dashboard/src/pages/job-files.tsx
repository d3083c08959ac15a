import { useEffect, useState } from 'preact/hooks';
import { artifactPath, download, jobPath, problemFrom, request } from '../api/client.ts';
import type { Artifacts, JobState, Problem } from '../api/types.ts';
import { usePolled } from '../data/use-polled.ts';
import { formatBytes } from '../format.ts';
import { Empty, ProblemNotice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { ExportPanel } from './export-panel.tsx';

const PERIOD_MS = 15_000;
const PICTURE = /\.(png|svg)$/;

export interface JobFilesProps {
  readonly id: string;
  /** Where these change there may be other files. */
  readonly checkpoints: number;
  readonly state: JobState | null;
}

export function JobFiles({ id, checkpoints, state }: JobFilesProps) {
  const [exported, setExported] = useState(0);
  const { value, problem } = usePolled<Artifacts>(
    jobPath(id, '/artifacts'),
    PERIOD_MS,
    [checkpoints, state === 'completed', exported].join(),
  );
  const [failed, setFailed] = useState<Problem | null>(null);
  const files = value?.artifacts ?? [];
  const pictures = files.filter(({ name }) => PICTURE.test(name));
  const get = async (name: string): Promise<void> => {
    setFailed(null);
    try {
      await download(id, name);
    } catch (error) {
      setFailed(problemFrom(error));
    }
  };
  return (
    <>
      <ProblemNotice problem={failed ?? problem} />
      {pictures.length === 0 ? null : (
        <Panel title="Pictures">
          <div class="pictures">
            {pictures.map(({ name, bytes }) => (
              <Picture key={name} id={id} name={name} bytes={bytes} />
            ))}
          </div>
        </Panel>
      )}
      {files.some(({ name }) => name.startsWith('checkpoints/')) ? (
        <ExportPanel id={id} onExported={() => setExported(exported + 1)} />
      ) : null}
      <Panel title="Files">
        {files.length === 0 ? (
          <Empty>{value === null ? 'Loading …' : 'The job has written nothing yet.'}</Empty>
        ) : (
          <ul class="files">
            {files.map(({ name, bytes }) => (
              <li key={name}>
                <button type="button" class="link" onClick={() => void get(name)}>
                  {name}
                </button>
                <span class="muted number">{formatBytes(bytes)}</span>
              </li>
            ))}
          </ul>
        )}
        <p class="muted">
          The checkpoints are safetensors files. <code>locoprop download {id}</code> fetches all files.
        </p>
      </Panel>
    </>
  );
}

/** Fetched with the token, as an address of a picture could not be; `bytes` changes where it was drawn anew. */
function Picture({
  id,
  name,
  bytes,
}: {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
}) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const ended = new AbortController();
    let made: string | null = null;
    const load = async (): Promise<void> => {
      try {
        const blob = await (await request(artifactPath(id, name), { signal: ended.signal })).blob();
        made = URL.createObjectURL(blob);
        setUrl(made);
      } catch (error) {
        // It stays in the list of files, where a click tells why.
        if (!ended.signal.aborted) problemFrom(error);
      }
    };
    void load();
    return () => {
      ended.abort();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [id, name, bytes]);
  if (url === null) return null;
  return (
    <figure>
      <img src={url} alt={name} />
      <figcaption class="muted">{name}</figcaption>
    </figure>
  );
}
