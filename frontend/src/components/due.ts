/** A day that is due without a time is due until its end, as the assistant has it too. */
const END_OF_DAY = "23:59";

const DAY = { weekday: "short", month: "short", day: "numeric" } as const;
const DAY_OF_A_YEAR = { dateStyle: "medium" } as const;
const TIME = { timeStyle: "short" } as const;

/** A moment as the fields of a form have it, on the user's own clock. */
export interface DueFields {
  /** As 2026-11-27, or empty when it is due at no time. */
  date: string;
  /** As 17:00, or empty for the end of the day. */
  time: string;
}

/** What a form shows for a moment. */
export function dueFields(due: string | null | undefined): DueFields {
  if (!due) return { date: "", time: "" };
  const at = new Date(due);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return {
    date: `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: time === END_OF_DAY ? "" : time,
  };
}

/** The moment that the fields of a form mean, in RFC 3339; null for none, and for a date that is none while it is typed. */
export function dueMoment({ date, time }: DueFields): string | null {
  const at = new Date(`${date}T${time || END_OF_DAY}`);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** A moment in words for the user, with its year where that is not `year`. */
export function dueText(due: string, year = new Date().getFullYear()): string {
  const at = new Date(due);
  // Formatted anew each time: a formatter keeps the time zone that it was made in.
  const day = at.toLocaleDateString(undefined, at.getFullYear() === year ? DAY : DAY_OF_A_YEAR);
  return dueFields(due).time ? `${day}, ${at.toLocaleTimeString(undefined, TIME)}` : day;
}

/** Whether a moment has gone by at another, in milliseconds. */
export function isPast(due: string, now: number): boolean {
  return Date.parse(due) < now;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
