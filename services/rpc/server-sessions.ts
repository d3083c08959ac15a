import type { Server } from '@grpc/grpc-js';
import { EventEmitter } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import { FLOW_CONTROL_WINDOW_BYTES } from './transport-options.js';

/** The HTTP/2 connections of a server, by peer. */
export interface ServerSessions {
  /** Drops the connection of a peer that neither reads nor ends. */
  drop(peer: string): void;
}

/**
 * Widens the window of a bound server's connections and lets them be dropped.
 *
 * grpc-js 1.14 has options for neither (https://github.com/grpc/grpc-node/pull/3058): what a worker sends
 * would wait for the coordinator every 64 KiB. Its HTTP/2 servers are in a private field; where a later
 * release has none, the windows stay as they are and a test fails.
 */
export function openSessions(server: Server): ServerSessions {
  const sessions = new Map<string, ServerHttp2Session>();
  for (const http2Server of http2ServersOf(server)) {
    http2Server.on('session', (session: ServerHttp2Session) => {
      const { remoteAddress, remotePort } = session.socket;
      const peer = `${remoteAddress ?? ''}:${remotePort ?? ''}`;
      sessions.set(peer, session);
      session.once('close', () => sessions.delete(peer));
      session.settings({ initialWindowSize: FLOW_CONTROL_WINDOW_BYTES });
      session.setLocalWindowSize(FLOW_CONTROL_WINDOW_BYTES);
    });
  }
  return { drop: (peer) => sessions.get(peer)?.destroy() };
}

function http2ServersOf(server: Server): EventEmitter[] {
  const servers: unknown = Reflect.get(server, 'http2Servers');
  if (!(servers instanceof Map)) return [];
  const keys: unknown[] = [...servers.keys()];
  return keys.filter((key) => key instanceof EventEmitter);
}
