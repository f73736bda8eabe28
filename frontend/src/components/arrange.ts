/** Which todos are shown, by what each choice is called. */
export const FILTERS = { all: "All", open: "Open", done: "Done" };

/** In which order, likewise. */
export const SORTS = {
  number: "By number",
  newest: "Newest first",
  title: "By title",
  open: "Open first",
  due: "Due first",
  priority: "By priority",
};

/** What of the list is shown, and in which order. */
export interface Arrangement {
  /** Words of the title, in any order, a number, or a tag after a #. */
  search: string;
  filter: keyof typeof FILTERS;
  /** Only those that have it; empty for all. */
  tag: string;
  sort: keyof typeof SORTS;
}

/** All of it, by number. */
export const WHOLE: Arrangement = { search: "", filter: "all", tag: "", sort: "number" };
