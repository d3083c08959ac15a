import type { ChannelOptions } from '@grpc/grpc-js';
import { MAX_MESSAGE_BYTES } from './limits.js';

/**
 * What a coordinator may send ahead of what was read. The other way it is the 64 KiB that grpc-js 1.14 leaves
 * a server. With 8 MiB both ways, two ends that sent 64 MiB at once waited for each other; likely because
 * Node.js reads no HTTP/2 while a write of its own waits for the socket.
 */
const FLOW_CONTROL_WINDOW_BYTES = 8 << 20;

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
