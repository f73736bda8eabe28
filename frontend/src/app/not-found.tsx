import Link from "next/link";

export default function NotFound() {
  return (
    <main className="centered">
      <h1>There is nothing here</h1>
      <Link href="/">Go to your todos</Link>
    </main>
  );
}
