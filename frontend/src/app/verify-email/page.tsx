import { notFound } from "next/navigation";

import { VerifyEmail } from "@/components/verify-email";
import { env } from "@/server/env";

export default function Page() {
  if (!env().mail) notFound();
  return <VerifyEmail />;
}
