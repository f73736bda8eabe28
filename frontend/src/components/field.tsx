import { useId } from "react";

import styles from "./field.module.css";

interface FieldProps {
  label: string;
  name: string;
  type: string;
  autoComplete: string;
  minLength?: number;
  maxLength: number;
  hint?: string;
  defaultValue?: string;
}

/** A line of a form that has to be filled in, under its label. */
export function Field({ label, hint, ...input }: FieldProps) {
  const id = useId();
  return (
    <div>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="field"
        required
        aria-describedby={hint ? `${id}-hint` : undefined}
        {...input}
      />
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Where an email address is asked for. */
export function EmailField() {
  return <Field label="Email" name="email" type="email" autoComplete="email" maxLength={254} />;
}

/** Where a password is asked for: the one that there is, or one to be. */
export function PasswordField({
  label,
  name = "password",
  isNew,
}: {
  label: string;
  name?: string;
  isNew: boolean;
}) {
  return (
    <Field
      label={label}
      name={name}
      type="password"
      autoComplete={isNew ? "new-password" : "current-password"}
      minLength={isNew ? 8 : undefined}
      maxLength={128}
      hint={isNew ? "At least 8 characters" : undefined}
    />
  );
}
