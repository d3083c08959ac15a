/** Plain data as a text that is the same for the same content, to the bit of every number. */
export const contentKey = (content: unknown): string =>
  JSON.stringify(content, (_, value: unknown) => {
    if (typeof value !== 'number') return value;
    // JSON has no −0, NaN or infinities.
    return Object.is(value, -0) ? '-0' : String(value);
  });
