const waiting: (() => void)[] = [];
let running = false;

/**
 * Calls back in a frame in which nothing else of this queue is drawn, from its beginning on: what is drawn together, or
 * begun within a frame, may be ready too late for it, and the frame is dropped. On a page that nobody sees it waits.
 *
 * @returns takes it back
 */
export function inOwnFrame(draw: () => void): () => void {
  waiting.push(draw);
  if (!running) {
    running = true;
    // A frame that is asked for between two others begins at once, with what is left of the time until the next one.
    requestAnimationFrame(() => requestAnimationFrame(drawNext));
  }
  return () => {
    const place = waiting.indexOf(draw);
    if (place >= 0) waiting.splice(place, 1);
  };
}

function drawNext(): void {
  const draw = waiting.shift();
  running = draw !== undefined;
  if (draw === undefined) return;
  requestAnimationFrame(() => requestAnimationFrame(drawNext));
  draw();
}
