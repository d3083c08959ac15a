import type { Axis } from '../../core/expression/expression.js';

const axes: Readonly<Record<Axis, readonly number[]>> = { 0: [0], 1: [1], all: [0, 1] };

/** The axes of a matrix over which a reduction goes, as TensorFlow counts them. */
export const axesOf = (axis: Axis): readonly number[] => axes[axis];
