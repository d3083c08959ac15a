import { useEffect } from 'preact/hooks';
import { checkAccess } from './api/check-access.ts';
import { ComparePage } from './pages/compare.tsx';
import { JobPage } from './pages/job.tsx';
import { JobsPage } from './pages/jobs.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { SubmitPage } from './pages/submit.tsx';
import { WorkersPage } from './pages/workers.tsx';
import { route, type Route } from './router.ts';
import { access, signOut, token } from './session.ts';
import { Empty } from './ui/notice.tsx';

const links = [
  ['jobs', 'Jobs'],
  ['workers', 'Workers'],
  ['compare', 'Compare'],
  ['submit', 'Submit'],
] as const;

export function App() {
  useEffect(() => {
    if (access.value === 'unknown') void checkAccess();
  }, []);
  const { value: state } = access;
  const [place = 'jobs'] = route.value.parts;
  useEffect(() => {
    document.title = [...route.value.parts, 'locoprop'].join(' · ');
  }, [route.value]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="#/">
          locoprop
        </a>
        {state === 'granted' ? (
          <nav aria-label="Pages">
            {links.map(([name, text]) => (
              <a key={name} href={`#/${name}`} aria-current={place === name ? 'page' : undefined}>
                {text}
              </a>
            ))}
          </nav>
        ) : null}
        {state === 'granted' && token.value !== null ? (
          <button type="button" class="quiet" onClick={() => signOut()}>
            Sign out
          </button>
        ) : null}
      </header>
      <main id="main" tabIndex={-1}>
        {state === 'granted' ? <Page {...route.value} /> : null}
        {state === 'refused' ? <SignIn /> : null}
        {state === 'unknown' ? <Empty>Asking the coordinator …</Empty> : null}
      </main>
    </>
  );
}

function Page({ parts }: Route) {
  const [place = 'jobs', id] = parts;
  if (place === 'jobs' && id !== undefined) return <JobPage key={id} id={id} />;
  switch (place) {
    case 'jobs':
      return <JobsPage />;
    case 'workers':
      return <WorkersPage />;
    case 'compare':
      return <ComparePage />;
    case 'submit':
      return <SubmitPage />;
    default:
      return <Empty>There is no such page.</Empty>;
  }
}
