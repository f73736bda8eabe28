/** Keeps values by key for a while, and no more than a number of them: the oldest go first. */
export class Recent<Value> {
  private readonly kept = new Map<string, { value: Value; until: number }>();

  /**
   * @param lifetime milliseconds for which a value is kept
   * @param size how many are kept
   */
  constructor(
    private readonly lifetime: number,
    private readonly size: number,
  ) {}

  get(key: string): Value | undefined {
    const entry = this.kept.get(key);
    return entry && entry.until > Date.now() ? entry.value : undefined;
  }

  set(key: string, value: Value): void {
    this.kept.delete(key);
    this.kept.set(key, { value, until: Date.now() + this.lifetime });
    // In the order in which they were put in, so in the order in which they expire.
    for (const [oldest, { until }] of this.kept) {
      if (this.kept.size <= this.size && until > Date.now()) break;
      this.kept.delete(oldest);
    }
  }

  delete(key: string): void {
    this.kept.delete(key);
  }
}
