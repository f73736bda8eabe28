import { expect, test } from "./test";

test("a browser is told to come by https only, where the public origin is https", async ({
  request,
  own,
}) => {
  test.skip(!own, "only a server of ours has another origin");
  const told = async (url: string) => (await request.get(url)).headers()["strict-transport-security"];
  expect(await told(own!.url)).toBeUndefined();
  const replica = await own!.startReplicaFor("https://todo.example.com");
  for (const path of ["/", "/api/health", "/api/todos", "/robots.txt", "/absent"]) {
    expect(await told(`${replica}${path}`), path).toBe("max-age=31536000");
  }
});
