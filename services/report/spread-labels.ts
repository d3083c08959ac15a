/**
 * Places for labels beside points of one axis: as near to them as the distance between labels and the
 * bounds allow, in the order of the points.
 *
 * @param wanted where each label would stand best, in pixels, in any order
 * @param distance least distance between two labels; less where there is no room for it
 */
export function spreadLabels(
  wanted: readonly number[],
  { distance, low, high }: { readonly distance: number; readonly low: number; readonly high: number },
): number[] {
  if (wanted.length === 0) return [];
  const step = Math.min(distance, (high - low) / Math.max(wanted.length - 1, 1));
  const order = wanted.map((_, index) => index).toSorted((a, b) => wanted[a]! - wanted[b]!);
  // Neighbours that would overlap form a block, which stands at the mean of what its labels want.
  const blocks: { labels: number[]; start: number }[] = [];
  const place = (labels: number[]): { labels: number[]; start: number } => {
    const mean = labels.reduce((sum, label, i) => sum + wanted[label]! - i * step, 0) / labels.length;
    return { labels, start: Math.max(low, Math.min(high - (labels.length - 1) * step, mean)) };
  };
  for (const label of order) {
    let block = place([label]);
    for (let last = blocks.at(-1); last && last.start + last.labels.length * step > block.start;) {
      blocks.pop();
      block = place([...last.labels, ...block.labels]);
      last = blocks.at(-1);
    }
    blocks.push(block);
  }
  const places: number[] = [];
  for (const { labels, start } of blocks) labels.forEach((label, i) => (places[label] = start + i * step));
  return places;
}
