import { notFound } from "next/navigation";

import { ResetPassword } from "@/components/reset-password";
import { env } from "@/server/env";

export default function Page() {
  if (!env().mail) notFound();
  return <ResetPassword />;
}
