// Submits a job to a coordinator and follows it: `locoprop submit --follow` does the same.
//
//     node examples/submit.mjs

import { CoordinatorClient, findServer, LocopropError, RemoteError } from 'locoprop';

const spec = {
  name: 'from-a-program',
  data: {
    train: { dataset: 'curves', examples: 500 },
    test: { dataset: 'curves', examples: 100 },
    targets: 'inputs',
  },
  network: {
    layers: [
      { units: 32, transfer: 'tanh' },
      { units: 784, transfer: 'sigmoid' },
    ],
    loss: 'sigmoid_cross_entropy',
  },
  training: { batchSize: 100, epochs: 2 },
};

try {
  // As the commands find it: LOCOPROP_URL and LOCOPROP_TOKEN, else what `locoprop up` has left for this user.
  const client = new CoordinatorClient(await findServer({}, process.env));
  const { id } = await client.submit(JSON.stringify(spec));
  const { signal } = new AbortController();
  for await (const item of client.follow(id, { signal })) {
    if (item.kind === 'event' && item.event.type === 'epoch.done')
      console.log(`${id}: test loss ${item.event.testLoss} after epoch ${item.event.epoch}`);
  }
  const { state } = await client.get(id);
  console.log(`${id}: ${state}`);
} catch (error) {
  if (!(error instanceof LocopropError || error instanceof RemoteError)) throw error;
  console.error(`${error.code}: ${error.message}\n${error.remedy}`);
  process.exitCode = error.exitCode;
}
