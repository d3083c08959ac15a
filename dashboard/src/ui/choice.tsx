export interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

/** A few values of which one holds, side by side. */
export const Choice = <T extends string>({ label, options, value, onChange }: ChoiceProps<T>) => (
  <div class="choice" role="group" aria-label={label}>
    {options.map(([own, text]) => (
      <button key={own} type="button" aria-pressed={own === value} onClick={() => onChange(own)}>
        {text}
      </button>
    ))}
  </div>
);
