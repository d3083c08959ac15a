import type { ChannelOptions, Server } from '@grpc/grpc-js';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import { MAX_MESSAGE_BYTES } from './limits.js';

/*
 * What an end may send ahead of what was read. Node.js reads no HTTP/2 while a write of its own waits for
 * the socket, so two ends that both send more than their sockets hold wait for each other for ever. One
 * way must therefore have a window that the sockets hold whole: the way from the worker, which has less
 * to send.
 */

const FLOW_CONTROL_WINDOW_BYTES = 8 << 20;

/** Linux holds 4 MiB between two processes of one machine; of other links only 64 KiB, the default, are sure. */
const LOCAL_WINDOW_BYTES = 1 << 20;

/** Both ends ask each other at this pace whether they are there, so no end takes it for abuse. */
const keepalive: ChannelOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
};

export const serverOptions: ChannelOptions = {
  ...keepalive,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': 16,
  // Of connections that do nothing, not even speak HTTP/2.
  'grpc.max_connection_idle_ms': 60_000,
};

export const clientOptions: ChannelOptions = {
  ...keepalive,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
  // A stream cannot be sent again, and to be able to try would keep its messages.
  'grpc.enable_retries': 0,
  // It would say of the first MiB, at once, that it was sent; heartbeats then waited behind that.
  'grpc.retry_buffer_size': 0,
  'grpc.per_rpc_retry_buffer_size': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
  // The address is that of the coordinator, whatever the environment says of web pages.
  'grpc.enable_http_proxy': 0,
};

/** What is needed of the inside of a server. */
interface Inside {
  /** Absent in a release that has it elsewhere: then windows stay as they are. */
  readonly http2Servers?: ReadonlyMap<Http2Server, unknown>;
}

/** Lets workers of this machine send more ahead; grpc-js 1.14 has no option for a server's windows. */
export function widenWindows(server: Server): void {
  if (process.platform !== 'linux') return;
  const { http2Servers } = server as unknown as Inside;
  for (const listening of http2Servers?.keys() ?? []) {
    listening.on('session', (session: ServerHttp2Session) => {
      if (!isLoopback(session.socket.remoteAddress)) return;
      session.setLocalWindowSize(LOCAL_WINDOW_BYTES);
      session.settings({ initialWindowSize: LOCAL_WINDOW_BYTES });
    });
  }
}

const isLoopback = (address = ''): boolean => /^(::ffff:)?127\.|^::1$/.test(address);
