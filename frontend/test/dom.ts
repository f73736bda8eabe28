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

// It knows dialogs and popovers as elements, and not yet how to open and close them.
HTMLDialogElement.prototype.showModal = function () {
  this.open = true;
};
HTMLDialogElement.prototype.close = function () {
  this.open = false;
  this.dispatchEvent(new Event("close"));
};
HTMLElement.prototype.hidePopover = () => undefined;
