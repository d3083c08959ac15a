/** Writes a line for people, or the text of a result, to standard output. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Writes a command's one JSON document to standard output. */
export const printJson = (document: unknown): void => print(JSON.stringify(document, null, 2));

/** Writes a remark to standard error, beside the results. */
export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** A reader that has seen enough, such as `head`, is no failure: what it does not read is not written. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
