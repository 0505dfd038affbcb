/**
 * Names of browsers' type library that `playwright-core`'s declarations use. Tests hold no elements: what they
 * ask of a page comes back as text and numbers.
 */
type Node = object;
type HTMLElement = object;
type SVGElement = object;
type HTMLElementTagNameMap = object;
