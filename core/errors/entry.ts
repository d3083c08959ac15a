/** What an entry of the catalogue says about one kind of failure. */
export interface ErrorEntry {
  /** What went wrong and where; `{name}` is replaced by the detail of that name. */
  readonly message: string;
  /** What the reader can do about it; the same placeholders. */
  readonly remedy: string;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** Exit code of a command that ends with it: 2 for wrong use or input, 1 for a failure. */
  readonly exitCode: 1 | 2;
}
