import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// A busy machine needs longer than the usual second to get around to rendering.
configure({ asyncUtilTimeout: 120_000 });
afterEach(cleanup);

// jsdom lays nothing out, so nothing comes into view.
globalThis.IntersectionObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
} as unknown as typeof IntersectionObserver;

Element.prototype.scrollIntoView = () => undefined;

// It knows dialogs and popovers as elements, and not yet how to open and close them. A dialog gives the focus back to what had it
// before, or to nobody where that is gone.
const focused = new WeakMap<HTMLDialogElement, Element | null>();
HTMLDialogElement.prototype.showModal = function () {
  focused.set(this, document.activeElement);
  this.open = true;
};
HTMLDialogElement.prototype.close = function () {
  this.open = false;
  const before = focused.get(this);
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  if (before instanceof HTMLElement) before.focus();
  this.dispatchEvent(new Event("close"));
};
document.addEventListener("submit", ({ target }) => {
  if (target instanceof HTMLFormElement && target.getAttribute("method") === "dialog")
    target.closest("dialog")!.close();
});
HTMLElement.prototype.hidePopover = () => undefined;
