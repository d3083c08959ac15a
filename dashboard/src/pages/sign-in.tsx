import { useState } from 'preact/hooks';
import { checkAccess } from '../api/check-access.ts';
import { refusal, signIn } from '../session.ts';

export function SignIn() {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const enter = async (): Promise<void> => {
    setBusy(true);
    signIn(text.trim());
    await checkAccess();
    setBusy(false);
  };
  return (
    <form
      class="sign-in panel"
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <h1>Sign in</h1>
      <p class="muted">
        With a token of this coordinator: <code>locoprop up</code> prints one, and so does{' '}
        <code>locoprop token</code> on its machine. It is kept until this tab is closed.
      </p>
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        required
        value={text}
        aria-describedby="sign-in-problem"
        aria-invalid={refusal.value !== null}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <p id="sign-in-problem" role="alert" class="field-problem">
        {refusal.value ?? ''}
      </p>
      <button type="submit" class="primary" disabled={busy || text.trim() === ''}>
        Sign in
      </button>
    </form>
  );
}
