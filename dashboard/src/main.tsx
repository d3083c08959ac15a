import { render } from 'preact';
import { checkAccess } from './api/check-access.ts';
import { App } from './app.tsx';
import { listenToRoute, parseRoute, route } from './router.ts';
import { takeToken } from './session.ts';
import './style.css';

takeToken();
// The address may be typed where the page is open already.
window.addEventListener('hashchange', () => {
  if (takeToken()) void checkAccess();
});
route.value = parseRoute(location.hash);
listenToRoute();
render(<App />, document.getElementById('app')!);
