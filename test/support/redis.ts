import { afterAll } from 'vitest';
import { endRedisServers } from './redis-server.js';

export { RedisServer } from './redis-server.js';

// A server ends with the tests of the file at the latest.
afterAll(endRedisServers);
