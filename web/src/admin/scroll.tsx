/** A table that is wider than a phone: it scrolls by itself, by keys too. */
import type { ComponentChildren } from 'preact'

export const Scroll = ({ label, children }: { readonly label: string; readonly children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
  <section class="table" aria-label={label} tabIndex={0}>
    {children}
  </section>
)
