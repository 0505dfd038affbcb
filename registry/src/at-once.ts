/** A value that is at hand, or will be. */
export type Soon<Value> = Value | Promise<Value>;

/**
 * Goes on at once with a value that is at hand: a chain of promises around what is remembered takes longer than to find
 * it. So what `next` throws comes at once too; within an `async` function both are the same.
 */
export function atOnce<Value, Result>(
  value: Soon<Value>,
  next: (value: Value) => Soon<Result>,
): Soon<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}
