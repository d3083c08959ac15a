import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pathOf = (name: string): string => fileURLToPath(new URL(`../services/${name}`, import.meta.url));

export const BUCKET = 'locoprop';

/** A server of the S3 interface with a bucket in memory, which the standard settings name, for child processes too. */
export class S3Server {
  private constructor(
    private readonly process: ChildProcess,
    readonly port: number,
    readonly client: S3Client,
  ) {}

  static async start(): Promise<S3Server> {
    const python = pathOf('.venv/bin/python');
    if (!existsSync(python)) throw new Error('run test/services/install.sh first');
    const server = spawn(python, [pathOf('s3.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [output] = (await once(server.stdout, 'data')) as [Buffer];
    const port = Number(output.toString());
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    });
    const client = new S3Client({ forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return new S3Server(server, port, client);
  }

  async end(): Promise<void> {
    this.client.destroy();
    const closed = once(this.process, 'close');
    this.process.stdin?.end();
    await closed;
  }
}
