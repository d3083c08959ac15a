#!/usr/bin/env node
import { runProgram } from '../../cli/command-line.js';
import { buildClusterBench } from './command.js';

process.exitCode = await runProgram(buildClusterBench, process.argv.slice(2));
