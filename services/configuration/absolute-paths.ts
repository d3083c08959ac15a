import { resolve } from 'node:path';
import type { JobSpec } from '../../core/spec/job-spec.js';
import { mapPaths } from './spec-paths.js';

/** The spec with paths that mean the same from everywhere, its relative ones starting at a folder. */
export const withAbsolutePaths = (spec: JobSpec, directory: string): JobSpec =>
  mapPaths(spec, (path) => resolve(directory, path));
