/** The promise itself, whose failure is met by whoever awaits it: until then it is no unhandled one. */
export function metLater<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
