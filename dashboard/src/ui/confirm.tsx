import { useEffect, useRef } from 'preact/hooks';

export interface ConfirmProps {
  readonly question: string;
  readonly detail: string;
  readonly action: string;
  readonly onAnswer: (yes: boolean) => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ question, detail, action, onAnswer }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="confirm-question"
      onCancel={(event) => {
        event.preventDefault();
        onAnswer(false);
      }}
    >
      <h2 id="confirm-question">{question}</h2>
      <p>{detail}</p>
      <div class="buttons">
        <button type="button" class="danger" onClick={() => onAnswer(true)}>
          {action}
        </button>
        <button type="button" onClick={() => onAnswer(false)}>
          Keep it
        </button>
      </div>
    </dialog>
  );
}
