export { LocopropError } from './core/errors/error.js';
