import type { ErrorEntry } from './entry.js';

/** Workers, and the connections between them and a coordinator. */
export const clusterErrors = {
  CLUSTER_LISTEN_FAILED: {
    message: 'The coordinator cannot listen on {address}: {reason}',
    remedy:
      'End what uses that address, or name another one: --listen for workers, and of a coordinator --http and --grpc for clients.',
    retryable: false,
    exitCode: 1,
  },
  CLUSTER_ADDRESS_INVALID: {
    message: '"{address}" is no address: {reason}',
    remedy: 'Write HOST:PORT, such as 127.0.0.1:7000 or [::1]:7000.',
    retryable: false,
    exitCode: 2,
  },
  CLUSTER_HOST_INVALID: {
    message: '"{host}" is neither the name nor the address of a machine.',
    remedy:
      'Write a name such as trainer.example.org, or an address such as 10.0.0.5 or fd00::5, without a port.',
    retryable: false,
    exitCode: 2,
  },
  CLUSTER_INSECURE: {
    message: 'The address {address} can be reached from other machines, and {missing}.',
    remedy:
      'Make certificates with `locoprop certs DIR`. Give them, and a token, with --tls and --token-file for workers, with --api-tls and --api-tokens for clients; or say --insecure where the network is trusted.',
    retryable: false,
    exitCode: 2,
  },
  CLUSTER_CREDENTIALS_INVALID: {
    message: 'The credentials in {file} cannot be used: {reason}',
    remedy:
      'Name the right file or folder, or make them anew: `locoprop certs DIR` those of workers, `locoprop token --create` the tokens of clients.',
    retryable: false,
    exitCode: 2,
  },
  CLUSTER_UNREACHABLE: {
    message: 'No coordinator could be reached at {addresses}: {reason}',
    remedy: 'Check the address and that the coordinator runs with --listen; then start the worker again.',
    retryable: true,
    exitCode: 1,
  },
  CLUSTER_PROTOCOL_MISMATCH: {
    message: 'The worker speaks revision {worker} of locoprop.v1, the coordinator revision {coordinator}.',
    remedy: 'Run the same version of locoprop on both.',
    retryable: false,
    exitCode: 1,
  },
  CLUSTER_TOKEN_REFUSED: {
    message: 'The coordinator refused the join token.',
    remedy: 'Give the worker the token that the coordinator was started with (--token-file).',
    retryable: false,
    exitCode: 1,
  },
  CLUSTER_PEER_INVALID: {
    message: 'The peer {peer} broke the protocol: {reason}',
    remedy: 'Check that nothing but workers of this version dials in. Other workers are not affected.',
    retryable: false,
    exitCode: 1,
  },
  CLUSTER_TENSOR_CORRUPT: {
    message: 'A matrix from {peer} came damaged: {reason}',
    remedy: 'The connection is made anew; if it happens again, check the network between the two.',
    retryable: true,
    exitCode: 1,
  },
  CLUSTER_CHANNEL_CLOSED: {
    message: 'The connection with {peer} has ended: {reason}',
    remedy: 'Nothing needs to be done: work goes on elsewhere, or after the worker has joined anew.',
    retryable: true,
    exitCode: 1,
  },
  CLUSTER_WORKER_LOST: {
    message: 'The worker {worker} was lost: {reason}',
    remedy: 'Nothing needs to be done: its parts go to others.',
    retryable: true,
    exitCode: 1,
  },
  CLUSTER_WORKER_REFUSED: {
    message: 'The worker {worker} refused a request ({code}): {reason}',
    remedy: 'See the log of the worker; what another one may do is tried elsewhere.',
    retryable: false,
    exitCode: 1,
  },
  CLUSTER_PART_TOO_LARGE: {
    message:
      'Layer {layer} fits nowhere: its smallest part needs {needed} bytes, and the largest memory offered is {offered} bytes.',
    remedy: 'Start a worker with more --memory, or use a smaller batch or layer.',
    retryable: false,
    exitCode: 1,
  },
  CLUSTER_WORKERS_FAILED: {
    message: 'The workers started on this machine ended too often: {reason}',
    remedy: 'See their log; start one by hand with `locoprop worker --coordinator {address}` to see more.',
    retryable: false,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorEntry>;
