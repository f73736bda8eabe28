/** Runs once per server, before it answers its first request. Next.js calls it by name. */
export async function register(): Promise<void> {
  // Next.js compiles this for its edge runtime too, where there is neither a process nor a database.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { startOrExit } = await import("./server/startup");
    await startOrExit();
  }
}
