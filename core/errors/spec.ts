import type { ErrorEntry } from './entry.js';

/** Job specs that are refused, and what they name. */
export const specErrors = {
  SPEC_FILE_MISSING: {
    message: 'The spec {file} does not exist.',
    remedy: 'Check the path, or write a commented spec with `locoprop init`.',
    retryable: false,
    exitCode: 2,
  },
  SPEC_FILE_UNREADABLE: {
    message: 'The spec {file} cannot be read: {reason}.',
    remedy: 'A spec is a YAML or JSON file of at most 1 MiB.',
    retryable: false,
    exitCode: 2,
  },
  SPEC_SYNTAX: {
    message: '{source}:{line}:{column}: {reason}',
    remedy: 'Mend the YAML or JSON at that place.',
    retryable: false,
    exitCode: 2,
  },
  SPEC_INVALID: {
    message: '{source} has {count}:{problems}',
    remedy: 'docs/spec.md explains every field; `locoprop init` writes a spec to start from.',
    retryable: false,
    exitCode: 2,
  },
  SPEC_OVERRIDE_INVALID: {
    message: 'Cannot set {override}: {reason}.',
    remedy:
      'Give a path and a value, as in `--set network.layers.2.units=300`; docs/spec.md lists the paths.',
    retryable: false,
    exitCode: 2,
  },
  COMPARE_INVALID: {
    message: '{source} has {count}:{problems}',
    remedy:
      'docs/spec.md explains every field of a comparison at its end; examples/compare-curves.yaml is one to start from.',
    retryable: false,
    exitCode: 2,
  },
  COMPARE_UNLIKE: {
    message:
      'In {file} the contender {contender} differs from {reference} in what must be the same for all: {difference}.',
    remedy: 'Set it for all contenders, in `set` at the top, or for none.',
    retryable: false,
    exitCode: 2,
  },
  COMPARE_CHANGED: {
    message: 'The run {directory} was made with another spec: {differences}.',
    remedy:
      'Put the comparison back as it was, name another folder with --out, or make this run again with --redo, which keeps the former one in {replaced}.',
    retryable: false,
    exitCode: 2,
  },
  PLUGIN_FAILED: {
    message: 'The plugin {file} cannot be loaded: {reason}',
    remedy: 'docs/extending.md shows what a plugin exports.',
    retryable: false,
    exitCode: 2,
  },
  PLUGIN_RULE_FAILED: {
    message: 'The rule {rule} of the {kind} {part}, of the plugin {file}, cannot be used: {reason}',
    remedy: 'Mend the plugin; docs/extending.md shows what each rule is given and gives back.',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorEntry>;
