import { open, stat } from 'node:fs/promises';
import { LocopropError } from '../../core/errors/error.js';
import { reasonOf } from '../store/failure.js';

/** More than any certificate chain, key or token has. */
const MAX_BYTES = 2 ** 20;
const OTHERS = 0o077;

export const invalid = (file: string, reason: string, cause?: unknown): LocopropError =>
  new LocopropError('CLUSTER_CREDENTIALS_INVALID', { file, reason }, { cause });

/**
 * The bytes of a file with credentials. Of a secret, that no other user of the machine may read.
 *
 * @throws CLUSTER_CREDENTIALS_INVALID
 */
export async function readCredential(
  file: string,
  { secret }: { readonly secret: boolean },
): Promise<Buffer> {
  try {
    // Looked at first, for opening a pipe would wait for its other end.
    if (!(await stat(file)).isFile()) throw invalid(file, 'it is no regular file');
    const handle = await open(file);
    try {
      const { size, mode, uid } = await handle.stat();
      if (size > MAX_BYTES) throw invalid(file, `it is larger than ${MAX_BYTES} bytes`);
      // As ssh has it: who owns the file answers for it, and mounted secrets are often root's.
      if (secret && process.getuid?.() === uid && (mode & OTHERS) !== 0) throw exposed(file, mode);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof LocopropError) throw cause;
    throw invalid(file, reasonOf(cause), cause);
  }
}

const exposed = (file: string, mode: number): LocopropError =>
  invalid(
    file,
    `its mode, ${(mode & 0o777).toString(8).padStart(3, '0')}, lets other users at it, so take that away with \`chmod 600 ${file}\``,
  );
