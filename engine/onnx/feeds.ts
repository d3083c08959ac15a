/** Names of the model's inputs. */
export const feeds = {
  matrix: (name: string): string => `matrix ${name}`,
  setup: (scalar: number): string => `setup scalar ${scalar}`,
  /** A list: an entry for each pass. */
  pass: (scalar: number): string => `pass scalar ${scalar}`,
  final: (scalar: number): string => `final scalar ${scalar}`,
  /** The number of passes, int64. */
  passes: 'passes',
};
