import { notFound } from "next/navigation";

import { ForgotPassword } from "@/components/forgot-password";
import { env } from "@/server/env";

export default function Page() {
  if (!env().mail) notFound();
  return <ForgotPassword />;
}
