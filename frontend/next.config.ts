import type { NextConfig } from "next";

/** Headers that hold for every answer. The pages' Content-Security-Policy carries a nonce, so src/proxy.ts sets it. */
const securityHeaders = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Cross-Origin-Resource-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
];

const config: NextConfig = {
  output: "standalone",
  // Another lock file further up must not move the root of the standalone tree.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  // No page shows a bitmap, so the image optimizer and its 30 MB of native code stay out of the image.
  images: { unoptimized: true },
  // It brings what verifies attestations, which nobody is asked for: 300 kB in each of two bundles, which every change would send again.
  serverExternalPackages: ["@simplewebauthn/server"],
  outputFileTracingExcludes: {
    "**": ["sharp", "@img", "semver", "detect-libc"].map((name) => `node_modules/${name}/**`),
  },
  // A random build id would make two builds of one commit differ.
  generateBuildId: () => process.env.BUILD_ID ?? "development",
  experimental: {
    // Otherwise the number of this machine's processors, which is written into the build.
    cpus: 1,
    // What src/proxy.ts could read of a page's request is kept in memory until it is answered; a page has no body.
    proxyClientMaxBodySize: "1kb",
  },
  // `npm run typecheck` is a check of its own, and checks the tests as well.
  typescript: { ignoreBuildErrors: true },
  productionBrowserSourceMaps: false,
  poweredByHeader: false,
  reactStrictMode: true,
  typedRoutes: true,
  async headers() {
    return [
      { source: "/:path*", headers: securityHeaders },
      {
        source: "/api/:path*",
        headers: [{ key: "Content-Security-Policy", value: "default-src 'none'; frame-ancestors 'none'" }],
      },
    ];
  },
};

export default config;
