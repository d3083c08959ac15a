import type { ColumnRequest } from '#services/datasets/columns.js';
import { readCsv } from '#services/datasets/csv.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { expectRefusal, MAX_BYTES, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
let files = 0;
async function read(text: string | Uint8Array, request: ColumnRequest = {}, maxBytes = MAX_BYTES) {
  files += 1;
  const file = join(folder, `${files}.csv`);
  await writeFile(file, text);
  return readCsv(file, request, maxBytes);
}

describe('a CSV file', () => {
  it('without a header is read, all columns as inputs', async () => {
    const { inputs, labels, targets } = await read('1,2.5,-3e2\n+4,.5,6.\n');
    expect(inputs.shape).toEqual([2, 3]);
    expect(inputs.data).toEqual(Float32Array.of(1, 2.5, -300, 4, 0.5, 6));
    expect([labels, targets]).toEqual([null, null]);
  });

  it('with a header is read by names, the columns left over as inputs', async () => {
    const text = '\ufeff"first, with comma",class,b,goal\r\n1,0,2,9\r\n\r\n3,1,4,8\r\n';
    const { inputs, labels, targets } = await read(text, { labels: 'class', targets: ['goal'] });
    expect(inputs.data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(labels?.data).toEqual(Float32Array.of(0, 1));
    expect(targets?.shape).toEqual([2, 1]);
    expect((await read(text, { inputs: ['b', 'first, with comma'] })).inputs.data).toEqual(
      Float32Array.of(2, 1, 4, 3),
    );
  });

  it('is read by numbers of columns, with text in columns that nobody names', async () => {
    const { inputs, labels } = await read('id,a,b,c\nx,1,2,3\ny,4,5,6\n', { inputs: [3, 1], labels: 2 });
    expect(inputs.data).toEqual(Float32Array.of(3, 1, 6, 4));
    expect(labels?.data).toEqual(Float32Array.of(2, 5));
  });

  it('may be gzip and longer than a block of rows', async () => {
    const rows = Array.from({ length: 70_000 }, (_, row) => `${row},${row % 7},1,2`);
    const { inputs } = await read(gzipSync(rows.join('\n')));
    expect(inputs.shape).toEqual([70_000, 4]);
    const { data } = inputs;
    expect(
      rows.every(
        (_, row) => data[4 * row] === row && data[4 * row + 1] === row % 7 && data[4 * row + 3] === 2,
      ),
    ).toBe(true);
  });

  it.each([
    ['a,b\n1,2\n3,nan\n', /holds nan: line 3, column "b"/],
    ['1,2\n3,-Infinity\n', /holds -Infinity: line 2, column 1/],
    ['1,2\n3,1e39\n', /holds 1e39: line 2, column 1/],
    ['1,2\n3,\n', /holds no value: line 2, column 1/],
  ])('is refused with numbers that are not finite: %j', async (text, message) => {
    await expectRefusal(read(text), 'DATA_NOT_FINITE', message);
  });

  it.each([
    ['', /at line 1: the file holds no example/],
    ['\n\n', /at line 1: the file holds no example/],
    ['a,b\n', /at line 1: the file holds no example/],
    ['1,2\n3,x\u001b[2J\n', /at line 2: column 1 holds "x\\u001b\[2J", which is no number/],
    ['1,2\n3,0x10\n', /"0x10"/],
    ['1,2\n3,1 000\n', /"1 000"/],
    ['1,2\n3\n', /at line 2: Invalid Record Length: expect 2, got 1/],
    ['1,2\n3,4,5\n', /at line 2: Invalid Record Length: expect 2, got 3/],
    ['1,2\n"3,4\n5,6\n', /Quote Not Closed/],
    ['1,2\n3,"4"5\n', /at line 2: Invalid Closing Quote/],
  ])('is refused when it is malformed: %j', async (text, message) => {
    await expectRefusal(read(text), 'DATA_MALFORMED', message);
  });

  it('is refused when a gzip file is cut off', async () => {
    const bytes = gzipSync('1,2\n3,4\n');
    await expectRefusal(
      read(bytes.subarray(0, -3)),
      'DATA_MALFORMED',
      /while decompressing: unexpected end of file/,
    );
  });

  it('is refused when a line does not end', async () => {
    const line = gzipSync(Buffer.alloc(1 << 26, '1'));
    await expectRefusal(read(line), 'DATA_MALFORMED', /at line 1: Max Record Size/);
  });

  it('is refused above the limit of memory', async () => {
    await expectRefusal(
      read('1,2,3,4\n'.repeat(70_000), {}, 1 << 20),
      'DATA_TOO_LARGE',
      /the limit is 1048576/,
    );
  });

  it('is refused without the columns that are asked for', async () => {
    await expectRefusal(
      read('a,b\n1,2\n', { labels: 'c' }),
      'DATA_PART_MISSING',
      /no column "c"; it holds "a", "b"/,
    );
    await expectRefusal(
      read('1,2\n', { labels: 'a' }),
      'DATA_PART_MISSING',
      /it holds 2 columns without names, 0 to 1/,
    );
    await expectRefusal(read('1,2\n', { labels: 2 }), 'DATA_PART_MISSING', /no column 2/);
    await expectRefusal(
      read('a\n1\n', { labels: 'a' }),
      'DATA_SOURCE_INVALID',
      /no column is left for the inputs/,
    );
    await expectRefusal(
      read('a,a\n1,2\n', { inputs: ['a'] }),
      'DATA_SOURCE_INVALID',
      /two columns are named "a"/,
    );
  });
});
