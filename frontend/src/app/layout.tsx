import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

import "./globals.css";

/** Every page carries the nonce of its own request (src/proxy.ts), so none can be rendered ahead. */
export const dynamic = "force-dynamic";

export const metadata: Metadata = {
  title: "Todo chatbot",
  description: "Keep a list of todos by chatting about it.",
};

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f5f6fa" },
    { media: "(prefers-color-scheme: dark)", color: "#12141c" },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
