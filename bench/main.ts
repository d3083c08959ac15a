#!/usr/bin/env node
import { runProgram } from '../cli/command-line.js';
import { buildBench } from './command.js';

process.exitCode = await runProgram(buildBench, process.argv.slice(2));
