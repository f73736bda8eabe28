import type { Route } from "next";
import type { ReactNode } from "react";

/** Leads to another page by loading it: the few that there are do not pay for what Next.js loads ahead with its own link. */
export function PageLink({ href, children }: { href: Route; children: ReactNode }) {
  return <a href={href}>{children}</a>;
}
