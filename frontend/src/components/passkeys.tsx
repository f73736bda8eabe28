"use client";

import { listPasskeys, type Passkey } from "@/lib/api";
import { nameBrowser } from "@/lib/browser";
import { addPasskey, removePasskey } from "@/lib/passkeys";

import { AccountList } from "./account-list";
import { EntranceForm, text, useSubmission } from "./entrance";
import { Field } from "./field";
import { moment } from "./moment";
import { Panel } from "./panel";
import { useAccountList } from "./use-account-list";
import { useWebAuthn } from "./use-webauthn";

interface PasskeysProps {
  onClose: () => void;
  onExpired: () => void;
}

/** What signs the user in without their password, and ways to have more of it or less. */
export function Passkeys({ onClose, onExpired }: PasskeysProps) {
  const passkeys = useAccountList(listPasskeys, onExpired);
  const submission = useSubmission(async (form) => {
    const failure = await addPasskey(text(form, "name").trim());
    if (failure?.code === "UNAUTHORIZED") onExpired();
    if (!failure) await passkeys.change(async () => undefined, "The passkey is added.");
    return failure;
  });
  const canAdd = useWebAuthn();

  return (
    <Panel title="Your passkeys" onClose={onClose}>
      <p>A passkey signs you in by your fingerprint, your face or a PIN, without your password.</p>
      <AccountList label="Passkeys" of={passkeys}>
        {(passkey) => (
          <li key={passkey.id}>
            <div>
              <strong>{nameOf(passkey)}</strong>
              <p>
                since <time dateTime={passkey.created_at}>{moment(passkey.created_at)}</time>,{" "}
                {placeOf(passkey)}
              </p>
            </div>
            <button
              className="button"
              data-kind="quiet"
              type="button"
              aria-disabled={passkeys.busy}
              aria-label={`Remove ${nameOf(passkey)}, since ${moment(passkey.created_at)}`}
              onClick={() =>
                void passkeys.change(
                  () => removePasskey(passkey.id),
                  "The passkey is removed here. Delete it from your device too.",
                )
              }
            >
              Remove
            </button>
          </li>
        )}
      </AccountList>
      {canAdd ? (
        <EntranceForm submission={submission} button="Add a passkey" busy="Waiting for your passkey…">
          <Field
            label="Name"
            name="name"
            type="text"
            autoComplete="off"
            maxLength={100}
            defaultValue={nameBrowser(navigator.userAgent)}
          />
        </EntranceForm>
      ) : (
        <p>This browser has no passkeys, or this page was not opened by https.</p>
      )}
    </Panel>
  );
}

function nameOf({ name }: Passkey): string {
  return name ?? "Without a name";
}

function placeOf({ kept_by, synced }: Passkey): string {
  const place = kept_by ? `in ${kept_by}` : "";
  return [place, synced ? "on all your devices" : "on one device"].filter(Boolean).join(", ");
}
