import type { Instruction, Program } from './program.js';

/** [rows, columns]. */
export type Shape = readonly [number, number];

const show = (shape: Shape): string => `${shape[0]}×${shape[1]}`;

/** The shape of an elementwise result; throws where the shapes do not broadcast. */
function broadcast(shapes: readonly Shape[]): Shape {
  const along = (axis: 0 | 1): number => {
    const sizes = new Set(shapes.map((shape) => shape[axis]));
    sizes.delete(1);
    if (sizes.size > 1) throw new RangeError(`shapes ${shapes.map(show).join(', ')} do not fit together`);
    return sizes.values().next().value ?? 1;
  };
  return [along(0), along(1)];
}

function reduced(shape: Shape, axis: Instruction['axis']): Shape {
  if (axis === 'all') return [1, 1];
  return axis === 0 ? [1, shape[1]] : [shape[0], 1];
}

function product(x: Shape, y: Shape): Shape {
  if (x[1] !== y[0]) throw new RangeError(`a product of ${show(x)} and ${show(y)}`);
  return [x[0], y[1]];
}

/**
 * The shape of each instruction's result.
 * @throws RangeError where shapes do not fit, TypeError where an input is missing.
 */
export function shapesOf(program: Program, inputs: ReadonlyMap<string, Shape>): Shape[] {
  const shapes: Shape[] = [];
  for (const { op, args, name, axis } of program.instructions) {
    const of = args.map((arg) => shapes[arg]!);
    const [x = [1, 1], y = [1, 1]] = of;
    if (op === 'input') {
      const shape = inputs.get(name!);
      if (!shape) throw new TypeError(`no matrix for the input "${name}"`);
      shapes.push(shape);
    } else if (op === 'transpose') shapes.push([x[1], x[0]]);
    else if (op === 'matmul') shapes.push(product(x, y));
    else if (op === 'sum' || op === 'max') shapes.push(reduced(x, axis));
    else shapes.push(broadcast(of));
  }
  return shapes;
}
